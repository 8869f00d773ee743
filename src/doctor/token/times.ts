import { ownValue } from '../../token/claim-path.js';
import type { Examination } from '../examination.js';
import { error, type Finding } from '../finding.js';
import { clockDifference, SET_THE_CLOCK } from '../issuer/clock-findings.js';
import { dateOf, duration, quoted } from '../words.js';

/** The year 5138: what is larger counts milliseconds. */
const LARGEST_SECONDS = 100_000_000_000;

/** The year 2001: what is smaller counts from the time of issue. */
const SMALLEST_DATE = 1_000_000_000;

/** Why a token is refused by its times: the clocks are compared first, because they may be the cause. */
export function timeProblem(examination: Examination): Finding {
  const { token, nowMs, skewMs = 0, options } = examination;
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map(
    (name) => ownValue(token?.claims, name) as number | undefined,
  );
  if (exp !== undefined && exp < SMALLEST_DATE)
    return error(
      'expired',
      `exp is ${exp}, which is a lifetime and no date: it counts the seconds since 1970`,
      'Have the issuer add the time of issue: Math.floor(Date.now() / 1000) + lifetime.',
    );
  const inMilliseconds = millisecondsFinding(examination);
  if (inMilliseconds !== undefined) return inMilliseconds;
  const { clockToleranceMs } = options.tokenOptions;
  const issuerNowMs = nowMs - skewMs;
  const isExpired = (atMs: number) => exp !== undefined && atMs >= exp * 1_000 + clockToleranceMs;
  const start = Math.max(nbf ?? -Infinity, iat ?? -Infinity);
  const isEarly = (atMs: number) => start * 1_000 > atMs + clockToleranceMs;
  if (isExpired(nowMs)) {
    if (skewMs > clockToleranceMs && !isExpired(issuerNowMs))
      return error(
        'clock_differs',
        `${clockDifference(skewMs)}: by the issuer's clock the token is still valid, by this one it expired ${duration(nowMs - (exp ?? 0) * 1_000)} ago`,
        SET_THE_CLOCK,
      );
    return error(
      'expired',
      `the token expired ${duration(nowMs - (exp ?? 0) * 1_000)} ago (exp is ${dateOf(exp ?? 0)}).${lifetimeOf(exp, iat)}`,
      'Request a new token; have the client renew it before it expires.',
    );
  }
  const name = start === nbf ? 'nbf' : 'iat';
  if (-skewMs > clockToleranceMs && !isEarly(issuerNowMs))
    return error(
      'clock_differs',
      `${clockDifference(skewMs)}: by the issuer's clock the token is valid already, by this one in ${duration(start * 1_000 - nowMs)}`,
      SET_THE_CLOCK,
    );
  return error(
    'not_yet_valid',
    `the token is valid in ${duration(start * 1_000 - nowMs)} (${name} is ${dateOf(start)}, and it is ${dateOf(nowMs / 1_000)} here)${exp !== undefined && exp <= start ? '; it expires before that' : ''}`,
    name === 'nbf'
      ? 'Wait, or have the issuer set nbf to the time of issue. clockToleranceMs allows a few seconds.'
      : 'The clock of the issuer, or of this machine, is wrong: set it by NTP. clockToleranceMs allows a few seconds.',
  );
}

function lifetimeOf(exp: number | undefined, iat: number | undefined): string {
  if (exp === undefined || iat === undefined) return '';
  if (exp > iat) return ` It was valid for ${duration((exp - iat) * 1_000)}.`;
  return ` It was never valid: its lifetime is ${Math.round(exp - iat)} s (iat is ${dateOf(iat)}).`;
}

/** NumericDate counts seconds (RFC 7519 §2). */
export function millisecondsFinding({ token }: Examination): Finding | undefined {
  const name = ['exp', 'nbf', 'iat'].find((one) => Number(ownValue(token?.claims, one)) > LARGEST_SECONDS);
  if (name === undefined) return undefined;
  return error(
    'times_in_milliseconds',
    `"${name}" counts milliseconds (${quoted(String(ownValue(token?.claims, name)))}) where a JWT counts seconds since 1970`,
    'Have the issuer divide by 1000: Math.floor(Date.now() / 1000).',
  );
}

/** Why `exp`, `nbf` or `iat` is refused for what it is. */
export function noDate({ token }: Examination, claim: string): Finding {
  const value = ownValue(token?.claims, claim);
  if (value === undefined)
    return error(
      'expiry_missing',
      `the token never expires: it has no "${claim}"`,
      'Have the issuer set exp (RFC 9068 §2.2). Old tokens of Kubernetes service accounts have none: use projected ones.',
    );
  return error(
    'invalid_claim',
    `"${claim}" is ${quoted(value)} where a number of seconds since 1970 is expected (RFC 7519 §2)`,
    'Have the issuer write a number, without quotes.',
  );
}
