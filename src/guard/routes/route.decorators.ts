import { UseGuards } from '@nestjs/common';
import { guardsOn, JwtAuthGuard, setGuards } from '../jwt-auth.guard.js';
import { NO_REQUIREMENTS, type Requirements } from '../../requirements/requirements.js';
import { declareAccess, declareRequirements, type Place } from './route-policy.js';

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Opens a handler, or all handlers of a class, under a guard that stands on a class or on every route. Credentials are
 * not looked at.
 *
 * @throws TypeError beside or under a `@Require…`; on what is no method
 */
export const Public = (): ClassDecorator & MethodDecorator =>
  declaring('@Public', (place) => declareAccess('public', place));

/**
 * Lets requests without credentials through, with `request.user` undefined; bad credentials are refused all the same.
 * Brings the guard with it.
 *
 * @throws TypeError beside or under a `@Require…`; on what is no method
 */
export const OptionalAuth = (): ClassDecorator & MethodDecorator =>
  declaring('@OptionalAuth', (place) => {
    declareAccess('optional', place);
    bringGuard(place);
  });

/**
 * The token must grant all of these scopes, else 403 `insufficient_scope` (RFC 6750 §3.1). Brings the guard with it;
 * adds to what stands on the class.
 *
 * @throws TypeError for no scope, or one that RFC 6749 §3.3 does not allow; on what is no method
 */
export function RequireScopes(...scopes: string[]): ClassDecorator & MethodDecorator {
  const bad = scopes.find((scope) => !SCOPE_TOKEN.test(scope));
  if (bad !== undefined) throw new TypeError(`@RequireScopes: ${JSON.stringify(bad)} is not one scope`);
  return requirement('@RequireScopes', scopes, { scopes });
}

/** The token must grant all of these permissions, else 403. Brings the guard with it; adds to those of the class. */
export function RequirePermissions(...permissions: string[]): ClassDecorator & MethodDecorator {
  return requirement('@RequirePermissions', permissions, { permissions });
}

/**
 * The token must grant one of these roles, else 403. Brings the guard with it; what stands on the class must be met
 * as well.
 */
export function RequireRoles(...roles: string[]): ClassDecorator & MethodDecorator {
  return requirement('@RequireRoles', roles, { roleGroups: [roles] });
}

function requirement(
  name: string,
  grants: readonly string[],
  needed: Partial<Requirements>,
): ClassDecorator & MethodDecorator {
  if (grants.length === 0 || grants.some((grant) => typeof grant !== 'string' || grant === '')) {
    throw new TypeError(`${name} needs one or more non-empty strings`);
  }
  return declaring(name, (place) => {
    declareRequirements({ ...NO_REQUIREMENTS, ...needed }, place);
    bringGuard(place);
  });
}

/** A decorator for classes and methods. On anything else it would say nothing to Nest, and so it is refused. */
function declaring(name: string, declare: (place: Place) => void): ClassDecorator & MethodDecorator {
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

/** Puts the guard before the others that stand there: they find the user on the request. */
function bringGuard({ target, prototype, method }: Place): void {
  if (method === undefined) UseGuards(JwtAuthGuard)(target as never);
  else UseGuards(JwtAuthGuard)(prototype, method, { value: target });
  const guards = guardsOn(target);
  setGuards(target, [JwtAuthGuard, ...guards.slice(0, -1)]);
}
