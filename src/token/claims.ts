import { AuthError } from '../common/auth.error.js';
import { isJsonObject } from '../common/json-object.js';
import type { AccessTokenClaims, JoseHeader, UncheckedClaims } from './access-token.js';
import { ownValue } from './claim-path.js';
import { mediaType, type IssuerRules } from './issuers/issuer-rules.js';
import { absent, present, type ClaimRequirement, type ResolvedTokenOptions } from './token.options.js';

/** Strings wherever they are (RFC 7519 §4.1.2, §4.1.7, RFC 8693 §4.3). */
const STRING_CLAIMS = ['sub', 'jti', 'client_id'] as const;
/** What a token of the RFC 9068 profile must carry (§2.2), beside `iss` and `exp`. */
const PROFILE_CLAIMS = ['aud', 'sub', 'client_id', 'iat', 'jti'] as const;
/** What only ID tokens carry (OpenID Connect Core §3.1.3.6, §3.3.2.11, FAPI 1.0 Advanced §5.1.1). */
const ID_TOKEN_CLAIMS = ['at_hash', 'c_hash', 's_hash'] as const;
/** What a logout token carries in `events` (OpenID Connect Back-Channel Logout 1.0 §2.4). */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** `typ` of what may be an access token, where no `tokenType` is given; it may also be absent. */
const DEFAULT_TYPES: readonly string[] = ['at+jwt', 'jwt'];

/**
 * `typ` (RFC 8725 §3.11, RFC 9068 §4), as a media type. It may be absent only where no types are configured.
 *
 * @throws AuthError `wrong_type`
 */
export function checkType(header: JoseHeader, { tokenType }: IssuerRules): void {
  const typ = ownValue(header, 'typ');
  const accepted =
    typeof typ === 'string' ? (tokenType ?? DEFAULT_TYPES).includes(mediaType(typ)) : tokenType === undefined;
  if (!accepted) throw new AuthError('wrong_type');
}

/**
 * `aud` (RFC 7519 §4.1.3): a string or an array of strings, one of which is exactly one of the configured ones. A further
 * audience is accepted only where it is among those that are `named`, also for an issuer whose audience is not checked.
 *
 * @throws AuthError `missing_audience` when it is missing or empty, `wrong_audience`
 */
export function checkAudience(
  claims: UncheckedClaims,
  rules: Pick<IssuerRules, 'audience'>,
  further: readonly string[] = [],
  named?: readonly string[],
): void {
  const audience = acceptedAudiences(rules, further, named);
  const aud = ownValue(claims, 'aud');
  const values: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audience === null && aud === undefined) return;
  if (audience !== null && values.every(isMissing)) throw new AuthError('missing_audience');
  const isWellFormed = values.every((value) => typeof value === 'string');
  const isAccepted =
    audience === null
      ? !further.some((one) => values.includes(one))
      : audience.some((ours) => values.includes(ours));
  if (!isWellFormed || !isAccepted) {
    throw new AuthError('wrong_audience', named && { requirement: 'audience' });
  }
}

/** Null: any is accepted. */
function acceptedAudiences(
  { audience }: Pick<IssuerRules, 'audience'>,
  further: readonly string[],
  named: readonly string[] | undefined,
): readonly string[] | null {
  if (named === undefined || audience === null) return named ?? audience;
  return named.filter((one) => audience.includes(one) || further.includes(one));
}

/**
 * `exp` (required), `nbf` and `iat` (RFC 7519 §4.1.4 to §4.1.6). A token from the future is refused like one that is
 * not valid yet.
 *
 * @throws AuthError `expired`, `not_yet_valid`, or `invalid_claim` for what is no NumericDate
 */
export function checkTimes(claims: UncheckedClaims, nowMs: number, toleranceMs: number): void {
  const exp = ownValue(claims, 'exp');
  const nbf = ownValue(claims, 'nbf');
  const iat = ownValue(claims, 'iat');
  if (!isNumericDate(exp)) throw new AuthError('invalid_claim', { claim: 'exp' });
  if (nbf !== undefined && !isNumericDate(nbf)) throw new AuthError('invalid_claim', { claim: 'nbf' });
  if (iat !== undefined && !isNumericDate(iat)) throw new AuthError('invalid_claim', { claim: 'iat' });
  // Negated, so that NaN on either side refuses.
  if (!(nowMs < exp * 1_000 + toleranceMs)) throw new AuthError('expired');
  if (!(Math.max(nbf ?? -Infinity, iat ?? -Infinity) * 1_000 <= nowMs + toleranceMs))
    throw new AuthError('not_yet_valid');
}

/**
 * Further checks of a verified token: claims of the right type, the RFC 9068 profile where it is required, no claim that
 * belongs to another kind of token, the required claims, and no binding to a key (`cnf`), whose proof is not checked.
 *
 * @throws AuthError `invalid_claim`, `wrong_type` or `sender_constrained`
 */
export function checkClaims(
  payload: UncheckedClaims,
  rules: IssuerRules,
  { senderConstrained }: Pick<ResolvedTokenOptions, 'senderConstrained'>,
): asserts payload is UncheckedClaims & AccessTokenClaims {
  for (const claim of STRING_CLAIMS) {
    const value = ownValue(payload, claim);
    if (value !== undefined && typeof value !== 'string') throw new AuthError('invalid_claim', { claim });
  }
  if (rules.tokenType?.every((type) => type === 'at+jwt')) checkProfile(payload);
  checkKind(payload, rules);
  for (const [claim, accepted] of Object.entries(rules.requiredClaims)) {
    const value = ownValue(payload, claim);
    if (!accepted.some((one) => meets(value, one))) throw new AuthError('invalid_claim', { claim });
  }
  if (senderConstrained === 'refuse' && ownValue(payload, 'cnf') !== undefined)
    throw new AuthError('sender_constrained');
}

/**
 * An ID token or a security event (RFC 8417 §2.2), unless the required claims name the claim that shows it; a logout token
 * whatever they name.
 */
function checkKind(payload: UncheckedClaims, { requiredClaims }: IssuerRules): void {
  const telling = ID_TOKEN_CLAIMS.filter((claim) => ownValue(payload, claim) !== undefined);
  const events = ownValue(payload, 'events');
  const isEvent = isJsonObject(events);
  const claim = [...telling, ...(isEvent ? ['events'] : [])].find(
    (name) => !Object.hasOwn(requiredClaims, name),
  );
  if (claim !== undefined) throw new AuthError('wrong_type', { claim });
  if (isEvent && Object.hasOwn(events, LOGOUT_EVENT)) throw new AuthError('wrong_type', { claim: 'events' });
}

function meets(value: unknown, required: ClaimRequirement): boolean {
  if (required === present) return value !== undefined && value !== null;
  return required === absent ? value === undefined : value === required;
}

/** RFC 9068 §2.2. An empty `aud` counts as missing; it arrives here where the audience is not checked. */
function checkProfile(payload: UncheckedClaims): void {
  for (const claim of PROFILE_CLAIMS) {
    const value = ownValue(payload, claim);
    if (value === undefined || (Array.isArray(value) && value.length === 0))
      throw new AuthError('invalid_claim', { claim });
  }
}

const isMissing = (value: unknown): boolean => value === undefined || value === null || value === '';

/** RFC 7519 §2. */
export const isNumericDate = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
