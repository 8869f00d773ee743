import { checkFunction } from '../common/option-checks.js';
import { resolveGrantClaims, type GrantClaims, type GrantPaths } from './grant-claims.js';
import { resolveScopeImplies, type BroaderScopes, type ScopeImplications } from './scope-hierarchy.js';
import { checkedSubjectKind, defaultSubjectKind, type SubjectKindOf } from './subject-kind.js';

/** How tokens are read where routes require something of them; all optional. */
export interface RequirementOptions {
  /** Where scopes, permissions and roles stand in the claims. */
  readonly claims?: GrantClaims;
  /**
   * The scopes that a scope implies, directly and through others.
   *
   * @default none
   */
  readonly scopeImplies?: ScopeImplications;
  /**
   * Returns whom a token speaks for, `'user'` or `'client'`, for `@RequireUser` and `@RequireClient`.
   *
   * @default a client, where `sub` is missing or the client itself, or a claim of the provider marks it
   */
  readonly subjectKind?: SubjectKindOf;
}

/** {@link RequirementOptions} with the defaults filled in. */
export interface ResolvedRequirementOptions {
  readonly claims: GrantPaths;
  readonly broaderScopes: BroaderScopes;
  readonly subjectKind: SubjectKindOf;
  /** How far `auth_time` may be ahead, in milliseconds. */
  readonly clockToleranceMs: number;
}

/** The names of {@link RequirementOptions}. */
export const REQUIREMENT_OPTION_NAMES = [
  'claims',
  'scopeImplies',
  'subjectKind',
] as const satisfies readonly (keyof RequirementOptions)[];

/**
 * Fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveRequirementOptions(
  { claims = {}, scopeImplies = {}, subjectKind }: RequirementOptions,
  clockToleranceMs: number,
): ResolvedRequirementOptions {
  checkFunction('subjectKind', subjectKind);
  return {
    claims: resolveGrantClaims(claims),
    broaderScopes: resolveScopeImplies(scopeImplies),
    subjectKind: subjectKind === undefined ? defaultSubjectKind : checkedSubjectKind(subjectKind),
    clockToleranceMs,
  };
}
