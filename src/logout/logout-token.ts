import { isJsonObject } from '../common/json-object.js';
import type { JoseHeader, UncheckedClaims } from '../token/access-token.js';
import { ownValue } from '../token/claim-path.js';
import { isNumericDate, LOGOUT_EVENT } from '../token/claims.js';
import { LOGOUT_TYPE, mediaType } from '../token/issuers/issuer-rules.js';
import { LogoutError, type LogoutRefusal } from './logout.error.js';
import type { Logout, ResolvedLogoutOptions } from './logout.options.js';

/** What a logout token says, whose claims have been checked. */
export interface LogoutToken extends Logout {
  readonly jti: string;
  /** Seconds since 1970. */
  readonly iat: number;
}

/** How old a logout token may be; §4 advises as much for its lifetime. */
export const MAX_AGE_MS = 120_000;

/** `typ` of a logout token; JWT says nothing, and may be absent as well. */
const TYPES: readonly string[] = [LOGOUT_TYPE, 'jwt'];

/**
 * Checks what needs no key: `typ` and the claims (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6). An ID token or an
 * access token is refused, since neither carries the event.
 *
 * @param iss an accepted issuer
 * @param nowMs milliseconds since 1970
 * @throws LogoutError
 */
export function checkLogoutToken(
  header: JoseHeader,
  claims: UncheckedClaims,
  iss: string,
  { clientIds, requireExp }: Pick<ResolvedLogoutOptions, 'clientIds' | 'requireExp'>,
  nowMs: number,
  toleranceMs: number,
): LogoutToken {
  const claim = (name: string) => ownValue(claims, name);
  const typ = ownValue(header, 'typ');
  refuseUnless(
    typ === undefined || (typeof typ === 'string' && TYPES.includes(mediaType(typ))),
    'wrong_type',
  );
  refuseUnless(isJsonObject(ownValue(claim('events'), LOGOUT_EVENT)), 'missing_event');
  refuseUnless(claim('nonce') === undefined, 'nonce');
  const aud = claim('aud');
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  refuseUnless(
    clientIds.some((clientId) => audiences.includes(clientId)),
    'wrong_audience',
  );
  const iat = checkTimes(claims, requireExp, nowMs, toleranceMs);
  const jti = claim('jti');
  if (!isText(jti)) throw new LogoutError('invalid_claim');
  const [sub, sid] = [optionalText(claim('sub')), optionalText(claim('sid'))];
  refuseUnless(sub !== undefined || sid !== undefined, 'missing_subject');
  return { iss, sub, sid, jti, iat };
}

/** Returns `iat`. Comparisons are negated, so that NaN on either side refuses. */
function checkTimes(
  claims: UncheckedClaims,
  requireExp: boolean,
  nowMs: number,
  toleranceMs: number,
): number {
  const [iat, exp] = [ownValue(claims, 'iat'), ownValue(claims, 'exp')];
  if (!isNumericDate(iat) || !(isNumericDate(exp) || (exp === undefined && !requireExp)))
    throw new LogoutError('invalid_claim');
  const ageMs = nowMs - iat * 1_000;
  if (exp !== undefined && !(nowMs < exp * 1_000 + toleranceMs)) throw new LogoutError('expired');
  if (!(ageMs <= MAX_AGE_MS + toleranceMs && ageMs >= -toleranceMs)) throw new LogoutError('not_recent');
  return iat;
}

function refuseUnless(isGood: boolean, reason: LogoutRefusal): void {
  if (!isGood) throw new LogoutError(reason);
}

function optionalText(value: unknown): string | undefined {
  if (value === undefined || isText(value)) return value;
  throw new LogoutError('invalid_claim');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
