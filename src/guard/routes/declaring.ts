import { UseGuards } from '@nestjs/common';
import { NO_REQUIREMENTS, type Requirements } from '../../requirements/requirements.js';
import { guardsOn, JwtAuthGuard, setGuards } from '../jwt-auth.guard.js';
import { declareRequirements, type Place } from './route-policy.js';

/** A decorator for classes and methods. On anything else it would say nothing to Nest, and so it is refused. */
export function declaring(name: string, declare: (place: Place) => void): ClassDecorator & MethodDecorator {
  return (target: object, method?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (method === undefined) {
      const { prototype, name: where } = target as { prototype: object; name: string };
      return declare({ target, prototype, method, where });
    }
    const where = `${target.constructor.name}.${String(method)}`;
    const handler: unknown = descriptor?.value;
    if (typeof handler !== 'function' || typeof target === 'function')
      throw new TypeError(`${name} on ${where}: it must stand on a class or on a method of its instances`);
    declare({ target: handler, prototype: target, method, where });
  };
}

/**
 * A decorator that adds requirements, and brings the guard for them. `build` runs where the class and the method are known:
 * the TypeError that it throws is thrown with their names.
 */
export const requiring = (
  name: string,
  build: () => Partial<Requirements>,
): ClassDecorator & MethodDecorator =>
  declaring(name, (place) => {
    declareRequirements({ ...NO_REQUIREMENTS, ...built(`${place.where}: ${name}`, build) }, place);
    bringGuard(place);
  });

function built(where: string, build: () => Partial<Requirements>): Partial<Requirements> {
  try {
    return build();
  } catch (error) {
    throw error instanceof TypeError ? new TypeError(`${where} ${error.message}`, { cause: error }) : error;
  }
}

/** Puts the guard before the others that stand there: they find the user on the request. */
export function bringGuard({ target, prototype, method }: Place): void {
  if (method === undefined) UseGuards(JwtAuthGuard)(target as never);
  else UseGuards(JwtAuthGuard)(prototype, method, { value: target });
  const guards = guardsOn(target);
  setGuards(target, [JwtAuthGuard, ...guards.slice(0, -1)]);
}
