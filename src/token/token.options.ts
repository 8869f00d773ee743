import {
  badOption,
  checkFunction,
  checkInteger,
  checkMembers,
  checkNoPromise,
  checkNumber,
  checkOneOf,
  withoutUndefined,
} from '../common/option-checks.js';
import type { AccessTokenClaims } from './access-token.js';

/** In `requiredClaims` and `@RequireClaims`: the claim must be there, with any value but null. */
export const present: unique symbol = Symbol.for('nestjs-jwks-auth.present');
/** In `requiredClaims` and `@RequireClaims`: the claim must not be there. */
export const absent: unique symbol = Symbol.for('nestjs-jwks-auth.absent');

/** What a token must carry, claim by claim: one of these (RFC 7519 §4). */
export type RequiredClaims = Readonly<Record<string, ClaimRequirement | readonly ClaimRequirement[]>>;

/** A value that a claim can be required to have. */
export type ClaimValue = string | number | boolean;

/** What can be required of a claim: a value, {@link present} or {@link absent}. */
export type ClaimRequirement = ClaimValue | typeof present | typeof absent;

/** Which tokens of one issuer are accepted. */
export interface IssuerOptions {
  /**
   * The issuer, exactly as in the token's `iss` (RFC 7519 §4.1.1), its trailing slash included: an https URL, or
   * beside `jwksUri` any StringOrURI (RFC 7519 §2).
   */
  readonly issuer: string;
  /**
   * Who the tokens must be meant for: one of these (RFC 7519 §4.1.3). `null` switches the check off, and then needs
   * `tokenType: 'at+jwt'`, `requiredClaims`, or `requiredClaims: null`.
   */
  readonly audience?: string | readonly string[] | null;
  /**
   * Where the issuer's JWK Set is; skips discovery.
   *
   * @default from OpenID Connect Discovery or RFC 8414 metadata
   */
  readonly jwksUri?: string;
  /**
   * The accepted algorithms (RFC 7518 §3.1, RFC 8037, RFC 8812, RFC 9964).
   *
   * @default RS, PS and ES 256/384/512, ES256K, EdDSA, and ML-DSA where Node.js has it
   */
  readonly algorithms?: readonly string[];
  /**
   * The media types of which `typ` must be one (RFC 7515 §4.1.9), in any case, with or without `application/`. Nothing
   * but `at+jwt` requires the RFC 9068 profile.
   *
   * @default typ is `at+jwt`, `JWT` or absent
   */
  readonly tokenType?: string | readonly string[];
  /**
   * Claims that must have one of these values, be {@link present} or be {@link absent}; `null` states that none is
   * required. A claim of another kind of token (`at_hash`, `c_hash`, `s_hash`, `events`) is refused unless it is
   * named here.
   */
  readonly requiredClaims?: RequiredClaims | null;
}

/** What holds for the tokens of every issuer. */
export interface TokenOptions {
  /**
   * How far `exp`, `nbf` and `iat` may be off, in milliseconds, at most 120_000.
   *
   * @default 5_000
   */
  readonly clockToleranceMs?: number;
  /**
   * What to do with a token that is bound to a key (`cnf`, RFC 9449, RFC 8705), whose proof is not checked: `refuse` it, or
   * `ignore` the binding and accept it as a plain bearer token.
   *
   * @default 'refuse'
   */
  readonly senderConstrained?: 'refuse' | 'ignore';
  /**
   * Longer tokens are refused unread; in bytes.
   *
   * @default 8_192
   */
  readonly maxTokenBytes?: number;
  /**
   * How many verified tokens are cached, so that one seen before costs no signature check; false: none.
   *
   * @default { max: 5_000 }
   */
  readonly verifiedTokens?: { readonly max: number } | false;
  /**
   * Checks signatures in libuv's thread pool rather than on the thread that serves requests: more requests a second where
   * there are processors to spare, for more processor time each. DNS and files use the same pool (`UV_THREADPOOL_SIZE`).
   *
   * @default false
   */
  readonly verifyInThreadPool?: boolean;
  /**
   * Called for every verified token, cached or not: true refuses it. What it throws goes through unchanged.
   *
   * @default nothing is revoked
   */
  readonly isRevoked?: (claims: AccessTokenClaims) => boolean | Promise<boolean>;
  /**
   * Returns the issuer, or the issuers, whose tokens are good for a request, as by its host or path; tokens of all others
   * are refused, and so is every token where it returns undefined. Called for every token of a configured issuer, before
   * its keys are looked up; synchronous. What it throws goes through unchanged. A token that came with no request is
   * refused.
   *
   * @default every configured issuer
   */
  readonly issuerFor?: IssuerFor;
}

/** The issuers that may speak for a request. */
export type IssuerFor = (request: never) => string | readonly string[] | undefined;

/** {@link TokenOptions} with the defaults filled in; without `isRevoked` nothing is revoked. */
export interface ResolvedTokenOptions extends Required<Omit<TokenOptions, 'isRevoked' | 'issuerFor'>> {
  readonly isRevoked: TokenOptions['isRevoked'] | undefined;
  readonly issuerFor: ((request: unknown) => readonly string[]) | undefined;
  /** Accepted only where they are named. */
  readonly furtherAudiences: readonly string[];
}

/** The cache allocates its index at start: some 24 MB for so many tokens. */
const MAX_CACHED_TOKENS = 1_000_000;

/** What holds unless the options say otherwise. */
export const TOKEN_OPTION_DEFAULTS: Omit<ResolvedTokenOptions, 'furtherAudiences'> = {
  clockToleranceMs: 5_000,
  senderConstrained: 'refuse',
  maxTokenBytes: 8_192,
  verifiedTokens: { max: 5_000 },
  verifyInThreadPool: false,
  isRevoked: undefined,
  issuerFor: undefined,
};

/**
 * Fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveTokenOptions(
  { issuerFor, ...given }: TokenOptions,
  furtherAudiences: readonly string[] = [],
): ResolvedTokenOptions {
  const options = { ...TOKEN_OPTION_DEFAULTS, ...withoutUndefined(given), furtherAudiences };
  checkNumber('clockToleranceMs', options.clockToleranceMs, 0, 120_000);
  checkOneOf('senderConstrained', options.senderConstrained, ['refuse', 'ignore']);
  checkInteger('maxTokenBytes', options.maxTokenBytes, 1);
  checkOneOf('verifyInThreadPool', options.verifyInThreadPool, [true, false]);
  if (options.isRevoked !== undefined) checkFunction('isRevoked', options.isRevoked);
  if (options.verifiedTokens !== false) {
    checkMembers('verifiedTokens', options.verifiedTokens, ['max']);
    checkInteger('verifiedTokens.max', options.verifiedTokens.max, 1, MAX_CACHED_TOKENS);
  }
  checkFunction('issuerFor', issuerFor);
  return { ...options, issuerFor: issuerFor && checkedIssuerFor(issuerFor) };
}

/** The application's own function, whose result is checked: anything but names of issuers is a TypeError. */
function checkedIssuerFor(given: IssuerFor): (request: unknown) => readonly string[] {
  return (request) => {
    const answer: unknown = given(request as never);
    checkNoPromise('issuerFor', answer, 'must return its result, not a promise');
    const names: readonly unknown[] = Array.isArray(answer) ? answer : answer === undefined ? [] : [answer];
    if (names.every((name) => typeof name === 'string')) return names as string[];
    throw badOption('issuerFor', 'must return a string, an array of strings, or undefined');
  };
}
