import { checkMembers, checkStrings } from '../common/option-checks.js';

/** Where scopes, permissions and roles stand in the claims: a name, a path, or several of them, tried in order. */
export interface GrantClaims {
  /** @default ['scope', 'scp'] */
  readonly scopes?: string | readonly string[];
  /** @default 'permissions' */
  readonly permissions?: string | readonly string[];
  /** @default 'roles' */
  readonly roles?: string | readonly string[];
}

/** The paths of each kind of grant, tried in order. */
export type GrantPaths = Readonly<Record<keyof GrantClaims, readonly string[]>>;

/** Where grants are looked for unless the options say otherwise: the first path that grants anything counts. */
export const GRANT_CLAIM_DEFAULTS: GrantPaths = {
  scopes: ['scope', 'scp'],
  permissions: ['permissions'],
  roles: ['roles'],
};

/**
 * Fills in the defaults.
 *
 * @throws TypeError that names the member which is wrong
 */
export function resolveGrantClaims(given: GrantClaims): GrantPaths {
  checkMembers('claims', given, Object.keys(GRANT_CLAIM_DEFAULTS));
  const paths = (name: keyof GrantClaims) =>
    checkStrings(`claims.${name}`, given[name] ?? GRANT_CLAIM_DEFAULTS[name]);
  return { scopes: paths('scopes'), permissions: paths('permissions'), roles: paths('roles') };
}
