import { isJsonObject } from '../common/json-object.js';
import { isThenable } from '../common/thenable.js';
import { membersOf, valueAt } from '../token/claim-path.js';
import type { AccessTokenClaims } from '../token/access-token.js';
import { absent, present, type ClaimValue } from '../token/token.options.js';

const MATCHER = Symbol.for('nestjs-jwks-auth.claim-matcher');

/** What {@link equals}, {@link includes} and {@link oneOf} return. */
export interface ClaimMatcher {
  readonly kind: 'equals' | 'includes' | 'oneOf';
  readonly values: readonly ClaimValue[];
}

/** Returns true for a value that is good; undefined where there is no such claim. */
export type ClaimPredicate = (value: unknown) => boolean;

/** What `@RequireClaims` can require of a claim; a value alone is {@link equals}. */
export type ClaimTest = ClaimValue | typeof present | typeof absent | ClaimMatcher | ClaimPredicate;

/** The claims that `@RequireClaims` requires, by name or path (`realm_access.roles`). */
export type RequiredRouteClaims = Readonly<Record<string, ClaimTest>>;

/** One claim of a route, and what is required of it. */
export interface ClaimRule {
  readonly path: string;
  readonly isMet: (value: unknown) => boolean;
}

/** The claim is exactly this value, of the same type. */
export const equals = (value: ClaimValue): ClaimMatcher => matcher('equals', [value]);

/** The claim is an array that has this member, or a string that has it among its words, which spaces separate. */
export const includes = (value: ClaimValue): ClaimMatcher => matcher('includes', [value]);

/** The claim is one of these values; of an array, one member is. */
export const oneOf = (...values: ClaimValue[]): ClaimMatcher => matcher('oneOf', values);

/** The decorator reports wrong values, with the class and the method. */
const matcher = (kind: ClaimMatcher['kind'], values: readonly ClaimValue[]): ClaimMatcher =>
  Object.freeze({ [MATCHER]: true, kind, values });

/** @throws TypeError that names the claim of which nothing, or something impossible, is required */
export function claimRules(given: unknown): readonly ClaimRule[] {
  const entries = isJsonObject(given) ? Object.entries(given) : [];
  if (entries.length === 0) throw new TypeError('needs one claim or more');
  return entries.map(([path, test]) => {
    if (path === '') throw new TypeError('needs claims that have a name');
    return { path, isMet: testOf(path, test) };
  });
}

function testOf(path: string, test: unknown): ClaimRule['isMet'] {
  if (test === present) return (value) => value !== undefined && value !== null;
  if (test === absent) return (value) => value === undefined;
  if (test === equals || test === includes || test === oneOf)
    throw new TypeError(`needs for ${JSON.stringify(path)} a call with the values, as in oneOf('a', 'b')`);
  if (typeof test === 'function') return (value) => answerOf(path, (test as ClaimPredicate)(value));
  const { kind, values } = isMatcher(test) ? test : equals(test as ClaimValue);
  if (values.length === 0 || !values.every(isClaimValue))
    throw new TypeError(
      `needs for ${JSON.stringify(path)} a non-empty string, a number, a boolean, equals, includes, oneOf, present, absent or a function`,
    );
  const isOne = (value: unknown) => (values as readonly unknown[]).includes(value);
  if (kind === 'equals') return isOne;
  if (kind === 'oneOf') return (value) => (Array.isArray(value) ? value.some(isOne) : isOne(value));
  return (value) => membersOf(value).some(isOne);
}

/** @throws TypeError for a promise, which may reject later, and would then end the process */
function answerOf(path: string, answer: unknown): boolean {
  if (!isThenable(answer)) return answer === true;
  Promise.resolve(answer).catch(() => {});
  throw new TypeError(`@RequireClaims: the function for ${JSON.stringify(path)} must not be asynchronous`);
}

const isMatcher = (test: unknown): test is ClaimMatcher =>
  typeof test === 'object' && test !== null && Object.hasOwn(test, MATCHER);

const isClaimValue = (value: unknown): value is ClaimValue =>
  (typeof value === 'string' && value !== '') || typeof value === 'boolean' || Number.isFinite(value);

/** True when the claims meet every rule. */
export const meetsClaims = (claims: AccessTokenClaims, rules: readonly ClaimRule[]): boolean =>
  rules.every(({ path, isMet }) => isMet(valueAt(claims, path)));
