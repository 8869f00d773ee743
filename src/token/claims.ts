import { AuthError } from '../common/auth.error.js';
import type { AccessTokenClaims, JoseHeader, UncheckedClaims } from './access-token.js';
import type { IssuerRules } from './issuers/issuer-rules.js';
import type { ResolvedTokenOptions } from './token.options.js';

/** Strings wherever they are (RFC 7519 §4.1.2, §4.1.7, RFC 8693 §4.3). */
const STRING_CLAIMS = ['sub', 'jti', 'client_id'] as const;
/** What a token of the RFC 9068 profile must carry (§2.2), beside `iss` and `exp`. */
const PROFILE_CLAIMS = ['aud', 'sub', 'client_id', 'iat', 'jti'] as const;

/**
 * `typ` (RFC 8725 §3.11, RFC 9068 §4): media types compare without case, `application/` may be left out
 * (RFC 7515 §4.1.9).
 *
 * @throws AuthError `wrong_type`
 */
export function checkType({ typ }: JoseHeader, { tokenType }: IssuerRules): void {
  const type = typ?.toLowerCase().replace(/^application\//, '');
  const accepted =
    tokenType === 'at+jwt' ? type === 'at+jwt' : type === undefined || type === 'jwt' || type === 'at+jwt';
  if (!accepted) throw new AuthError('wrong_type');
}

/**
 * `aud` (RFC 7519 §4.1.3): a string or an array of strings, one of which is exactly one of the configured ones.
 *
 * @throws AuthError `wrong_audience`
 */
export function checkAudience({ aud }: UncheckedClaims, { audience }: IssuerRules): void {
  const values: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audience === null && aud === undefined) return;
  const isWellFormed = values.every((value) => typeof value === 'string');
  if (!isWellFormed || (audience !== null && !audience.some((ours) => values.includes(ours)))) {
    throw new AuthError('wrong_audience');
  }
}

/**
 * `exp` (required), `nbf` and `iat` (RFC 7519 §4.1.4 to §4.1.6). A token from the future is refused like one that is
 * not valid yet.
 *
 * @throws AuthError `expired`, `not_yet_valid`, or `invalid_claim` for what is no NumericDate
 */
export function checkTimes({ exp, nbf, iat }: UncheckedClaims, nowMs: number, toleranceMs: number): void {
  if (!isNumericDate(exp)) throw new AuthError('invalid_claim', { claim: 'exp' });
  if (nbf !== undefined && !isNumericDate(nbf)) throw new AuthError('invalid_claim', { claim: 'nbf' });
  if (iat !== undefined && !isNumericDate(iat)) throw new AuthError('invalid_claim', { claim: 'iat' });
  if (nowMs >= exp * 1_000 + toleranceMs) throw new AuthError('expired');
  if (Math.max(nbf ?? -Infinity, iat ?? -Infinity) * 1_000 > nowMs + toleranceMs)
    throw new AuthError('not_yet_valid');
}

/**
 * Further checks of a verified token: claims of the right type, the RFC 9068 profile where it is required, the
 * required claims, and no binding to a key (`cnf`) that nobody checks.
 *
 * @throws AuthError `invalid_claim` or `sender_constrained`
 */
export function checkClaims(
  payload: UncheckedClaims,
  rules: IssuerRules,
  { senderConstrained }: Pick<ResolvedTokenOptions, 'senderConstrained'>,
): asserts payload is UncheckedClaims & AccessTokenClaims {
  for (const claim of STRING_CLAIMS) {
    if (payload[claim] !== undefined && typeof payload[claim] !== 'string')
      throw new AuthError('invalid_claim', { claim });
  }
  if (rules.tokenType === 'at+jwt') checkProfile(payload);
  for (const [claim, accepted] of Object.entries(rules.requiredClaims)) {
    const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
    if (!accepted.some((one) => one === value)) throw new AuthError('invalid_claim', { claim });
  }
  if (senderConstrained === 'refuse' && payload['cnf'] !== undefined)
    throw new AuthError('sender_constrained');
}

/** RFC 9068 §2.2. An empty `aud` names nobody; it arrives here where the audience is not checked. */
function checkProfile(payload: UncheckedClaims): void {
  for (const claim of PROFILE_CLAIMS) {
    const value = payload[claim];
    if (value === undefined || (Array.isArray(value) && value.length === 0))
      throw new AuthError('invalid_claim', { claim });
  }
}

const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
