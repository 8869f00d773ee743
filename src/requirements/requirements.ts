/** What a token must grant for a route. */
export interface Requirements {
  /** All are needed. */
  readonly scopes: readonly string[];
  /** All are needed. */
  readonly permissions: readonly string[];
  /** Of each group, one role is needed. */
  readonly roleGroups: readonly (readonly string[])[];
}

/** The requirements of a route without any. */
export const NO_REQUIREMENTS: Requirements = { scopes: [], permissions: [], roleGroups: [] };

/** True when there is something that a token must grant. */
export const requiresGrants = ({ scopes, permissions, roleGroups }: Requirements): boolean =>
  scopes.length + permissions.length + roleGroups.length > 0;

/** Both together: they add up. */
export const merge = (a: Requirements, b: Requirements): Requirements => ({
  scopes: [...new Set([...a.scopes, ...b.scopes])],
  permissions: [...new Set([...a.permissions, ...b.permissions])],
  roleGroups: [...a.roleGroups, ...b.roleGroups],
});
