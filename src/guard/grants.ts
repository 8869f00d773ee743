import { AuthError } from '../common/auth.error.js';
import { valueAt } from '../token/claim-path.js';
import type { AccessTokenClaims } from '../token/access-token.js';
import type { ResolvedGuardOptions } from './guard.options.js';
import type { Requirements } from './route-policy.js';

type ClaimPaths = ResolvedGuardOptions['claims'];

/**
 * Checks what the claims grant against what the route needs: all scopes, all permissions, one role of each group.
 *
 * @throws AuthError `insufficient_scope`, `insufficient_permission` or `insufficient_role`
 */
export function checkGrants(claims: AccessTokenClaims, requirements: Requirements, paths: ClaimPaths): void {
  const { scopes, permissions, roleGroups } = requirements;
  if (scopes.length > 0 && !hasAll(grantsAt(claims, paths.scopes), scopes))
    throw new AuthError('insufficient_scope');
  if (permissions.length > 0 && !hasAll(grantsAt(claims, paths.permissions), permissions)) {
    throw new AuthError('insufficient_permission');
  }
  if (roleGroups.length === 0) return;
  const roles = grantsAt(claims, paths.roles);
  if (!roleGroups.every((group) => group.some((role) => roles.has(role))))
    throw new AuthError('insufficient_role');
}

/** The grants at the first path that leads somewhere: a string separated by spaces (RFC 6749 §3.3), or an array. */
function grantsAt(claims: AccessTokenClaims, paths: readonly string[]): ReadonlySet<unknown> {
  const value = paths.map((path) => valueAt(claims, path)).find((found) => found !== undefined);
  if (typeof value === 'string') return new Set(value.split(' ').filter((grant) => grant !== ''));
  return new Set(Array.isArray(value) ? value : []);
}

const hasAll = (granted: ReadonlySet<unknown>, needed: readonly string[]): boolean =>
  needed.every((grant) => granted.has(grant));
