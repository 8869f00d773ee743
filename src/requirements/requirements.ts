import type { ClaimRule } from './claim-rules.js';
import type { PolicyUse } from './access-policy.js';
import type { RequiredAuthentication } from './required-authentication.js';
import type { SubjectKind } from './subject-kind.js';

/** What decorators require of the tokens of a route. Every entry of every list must be met. */
export interface Requirements {
  /** All are needed. */
  readonly scopes: readonly string[];
  /** Of each group, one scope is needed. */
  readonly scopeGroups: readonly (readonly string[])[];
  /** All are needed. */
  readonly permissions: readonly string[];
  /** Of each group, one role is needed. */
  readonly roleGroups: readonly (readonly string[])[];
  readonly claims: readonly ClaimRule[];
  readonly subjectKinds: readonly SubjectKind[];
  readonly authentications: readonly RequiredAuthentication[];
  readonly policies: readonly PolicyUse[];
  /** Of each group, one audience is needed. */
  readonly audienceGroups: readonly (readonly string[])[];
  /** Of each group, one issuer is needed. */
  readonly issuerGroups: readonly (readonly string[])[];
  /** What is required besides depends on what a request holds: each of these declares how (`RequestRules`). */
  readonly byRequest: readonly object[];
}

/** The requirements of a route without any. */
export const NO_REQUIREMENTS: Requirements = {
  scopes: [],
  scopeGroups: [],
  permissions: [],
  roleGroups: [],
  claims: [],
  subjectKinds: [],
  authentications: [],
  policies: [],
  audienceGroups: [],
  issuerGroups: [],
  byRequest: [],
};

type Kind = keyof Requirements;
const KINDS = Object.keys(NO_REQUIREMENTS) as Kind[];
/** These say which tokens are accepted, or what some requests need, and require no token of every request. */
const CONDITIONAL: readonly Kind[] = ['audienceGroups', 'issuerGroups', 'byRequest'];

/** True when there is a requirement. */
export const hasRequirements = (requirements: Requirements): boolean =>
  KINDS.some((kind) => requirements[kind].length > 0);

/** True when no request without a token can meet the requirements. */
export const requiresToken = (requirements: Requirements): boolean =>
  KINDS.some((kind) => requirements[kind].length > 0 && !CONDITIONAL.includes(kind));

/** Both together: they add up. */
export const merge = (a: Requirements, b: Requirements): Requirements =>
  Object.fromEntries(KINDS.map((kind) => [kind, [...new Set<unknown>([...a[kind], ...b[kind]])]])) as never;

/** True when every requirement of `some` is one of `all`. */
export const containsAll = (all: Requirements, some: Requirements): boolean =>
  KINDS.every((kind) => some[kind].every((one) => (all[kind] as readonly unknown[]).includes(one)));
