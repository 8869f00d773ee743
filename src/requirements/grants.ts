import { AuthError } from '../common/auth.error.js';
import { membersOf, valuesAt } from '../token/claim-path.js';
import type { AccessTokenClaims, UncheckedClaims } from '../token/access-token.js';
import type { GrantPaths } from './grant-claims.js';
import type { Requirements } from './requirements.js';
import { isGranted, NO_HIERARCHY, type BroaderScopes } from './scope-hierarchy.js';

type RequiredScopes = Pick<Requirements, 'scopes'> & Partial<Pick<Requirements, 'scopeGroups'>>;
type RequiredGrants = RequiredScopes &
  Pick<Requirements, 'permissions' | 'roleGroups'> & { readonly isScopedByBody?: boolean };

/**
 * Checks what the claims grant against what the route needs: all scopes and one of each group, all permissions, one role
 * of each group.
 *
 * @throws AuthError `insufficient_scope`, `insufficient_permission` or `insufficient_role`
 */
export function checkGrants(
  claims: AccessTokenClaims,
  requirements: RequiredGrants,
  paths: GrantPaths,
  broaderScopes: BroaderScopes = NO_HIERARCHY,
): void {
  const { permissions, roleGroups } = requirements;
  if (!hasScopes(claims, requirements, paths, broaderScopes))
    throw new AuthError('insufficient_scope', {
      requirement: requirements.isScopedByBody === true ? 'message_scope' : 'scope',
    });
  if (permissions.length > 0 && !hasAll(grantsAt(claims, paths.permissions), permissions)) {
    throw new AuthError('insufficient_permission', { requirement: 'permission' });
  }
  if (roleGroups.length === 0) return;
  const roles = grantsAt(claims, paths.roles);
  if (!roleGroups.every((group) => group.some((role) => roles.has(role))))
    throw new AuthError('insufficient_role', { requirement: 'role' });
}

/** True when the claims grant all scopes, and one of each group, directly or by a scope that implies it. */
export function hasScopes(
  claims: AccessTokenClaims,
  { scopes, scopeGroups = [] }: RequiredScopes,
  paths: GrantPaths,
  broaderScopes: BroaderScopes,
): boolean {
  if (scopes.length + scopeGroups.length === 0) return true;
  const granted = grantsAt(claims, paths.scopes);
  const isHeld = (scope: string) => isGranted(granted, scope, broaderScopes);
  return scopes.every(isHeld) && scopeGroups.every((group) => group.some(isHeld));
}

/** The grants at the first path that grants anything: an empty `scope` does not hide a good `scp`. */
export function grantsAt(claims: UncheckedClaims, paths: readonly string[]): ReadonlySet<string> {
  for (const path of paths) {
    for (const value of valuesAt(claims, path)) {
      const grants = grantsIn(value);
      if (grants.length > 0) return new Set(grants);
    }
  }
  return NO_GRANTS;
}

const NO_GRANTS: ReadonlySet<string> = new Set();

/** The strings that name something. */
function grantsIn(value: unknown): readonly string[] {
  return membersOf(value).filter((one): one is string => typeof one === 'string' && one.trim() !== '');
}

const hasAll = (granted: ReadonlySet<string>, needed: readonly string[]): boolean =>
  needed.every((grant) => granted.has(grant));
