import type { Requirements } from '../../requirements/requirements.js';
import { isScope } from '../../requirements/scope-hierarchy.js';
import { bringGuard, declaring, requiring } from './declaring.js';
import { declareAccess } from './route-policy.js';

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
 * @throws TypeError beside or under a `@Require…`, but for those that say which tokens are good (`@RequireAudience`,
 * `@RequireIssuer`); on what is no method
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
  const bad = scopes.find((scope) => !isScope(scope));
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
  return requiring(name, () => needed);
}
