import { ownValue } from '../../token/claim-path.js';
import type { Examination } from '../examination.js';
import { ok, type Finding } from '../finding.js';
import { dateOf, quoted, quotedList } from '../words.js';

/** The names and times of a token; never `sub`, `jti`, an e-mail address or the signature. */
export function tokenSummary({ token }: Examination): Finding {
  const { header = {}, claims = {} } = token ?? {};
  const aud = ownValue(claims, 'aud');
  const parts = [
    ...(['alg', 'kid', 'typ'] as const).map((name) => [name, ownValue(header, name)] as const),
    ['iss', ownValue(claims, 'iss')] as const,
    ...(['azp', 'client_id', 'appid'] as const).map((name) => [name, ownValue(claims, name)] as const),
  ];
  const names = parts
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${quoted(value)}`);
  const audience = aud === undefined ? [] : [`aud ${Array.isArray(aud) ? quotedList(aud) : quoted(aud)}`];
  const times = (['iat', 'nbf', 'exp'] as const)
    .map((name) => [name, ownValue(claims, name)] as const)
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => `${name} ${dateOf(value as number)}`);
  return ok('token', `the token: ${[...names, ...audience, ...times].join(', ')}`);
}
