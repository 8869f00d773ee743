import { applyDecorators, UseGuards } from '@nestjs/common';
import { JwtAuthGuard } from './jwt-auth.guard.js';
import { declareAccess, type Access } from './route-policy.js';

/**
 * Opens a handler, or all handlers of a class, under a guard that stands on a class or on every route. Credentials are
 * not looked at.
 *
 * @throws TypeError beside or under a `@Require…`
 */
export const Public = (): ClassDecorator & MethodDecorator => accessDecorator('public');

/**
 * Lets requests without credentials through, with `request.user` undefined; bad credentials are refused all the same.
 * Brings the guard with it.
 *
 * @throws TypeError beside or under a `@Require…`
 */
export const OptionalAuth = (): ClassDecorator & MethodDecorator =>
  applyDecorators(accessDecorator('optional'), UseGuards(JwtAuthGuard));

function accessDecorator(access: Access): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    const [declared, where] = declaredOn(target, name, descriptor);
    declareAccess(access, declared, where);
  };
}

/** What a decorator stands on, and what to call it: the class, or the method. */
export function declaredOn(
  target: object,
  name?: string | symbol,
  descriptor?: PropertyDescriptor,
): [object, string] {
  if (name === undefined || descriptor === undefined) return [target, (target as { name: string }).name];
  return [descriptor.value as object, `${target.constructor.name}.${String(name)}`];
}
