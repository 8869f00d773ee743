import { applyDecorators, UseGuards } from '@nestjs/common';
import { declaredOn } from './access.decorators.js';
import { JwtAuthGuard } from './jwt-auth.guard.js';
import { declareRequirements, type Requirements } from './route-policy.js';

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * The token must grant all of these scopes, else 403 `insufficient_scope` (RFC 6750 §3.1). Brings the guard with it;
 * adds to what stands on the class.
 *
 * @throws TypeError for no scope, or one that RFC 6749 §3.3 does not allow
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
  const declare = (target: object, method?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const [declared, where] = declaredOn(target, method, descriptor);
    declareRequirements({ scopes: [], permissions: [], roleGroups: [], ...needed }, declared, where);
  };
  return applyDecorators(declare as ClassDecorator & MethodDecorator, UseGuards(JwtAuthGuard));
}
