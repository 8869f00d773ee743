import { claim, each, nowS, rawClaims, type Attack } from './attack.js';

/** C. When a token is valid. */
export const TIME_ATTACKS: readonly Attack[] = [
  {
    id: 'C1',
    attack: '`exp` is missing',
    force: 'MUST',
    reference: 'RFC 9068 §2.2, §4',
    policy: 'refused always, not by the profile alone: a token without an end is never accepted',
    tokens: (scene) => ({ missing: claim(scene, { exp: undefined }) }),
  },
  {
    id: 'C2',
    attack: '`exp` is no number, or beyond all numbers',
    force: 'MUST',
    reference: 'RFC 7519 §2',
    tokens: (scene) => ({
      ...each(['9999999999', null, true, [], {}, [9_999_999_999]], (exp) => claim(scene, { exp })),
      '1e400': rawClaims(scene, '"exp":1e400', 'exp'),
    }),
  },
  {
    id: 'C4',
    attack: '`exp` is negative, 0, -0',
    force: 'MUST',
    reference: 'RFC 7519 §2',
    tokens: (scene) => ({
      ...each([-1, 0, -1e300], (exp) => claim(scene, { exp })),
      '-0': rawClaims(scene, '"exp":-0', 'exp'),
    }),
  },
  {
    id: 'C4',
    attack: '`exp` with a fraction, or very large',
    force: 'MUST',
    reference: 'RFC 7519 §2',
    status: 200,
    tokens: (scene) => each([nowS() + 60.5, 1e300], (exp) => claim(scene, { exp })),
  },
  {
    id: 'C5',
    attack: '`exp` past by more than the tolerance',
    force: 'MUST',
    reference: 'RFC 7519 §4.1.4',
    tokens: (scene) =>
      each([5_001, 6_000, 3_600_000], (ms) => claim(scene, { exp: (Date.now() - ms) / 1_000 })),
  },
  {
    id: 'C6',
    attack: '`nbf` in the future, or no number',
    force: 'MUST',
    reference: 'RFC 7519 §4.1.5',
    tokens: (scene) => ({
      ...each([nowS() + 60, '0', null, [], true], (nbf) => claim(scene, { nbf })),
      '1e400': rawClaims(scene, '"nbf":1e400'),
    }),
  },
  {
    id: 'C7',
    attack: '`iat` in the future',
    force: 'POLICY',
    reference: 'RFC 7519 §4.1.6',
    policy: 'refused beyond the tolerance: a token cannot have been issued later than now',
    tokens: (scene) => ({ future: claim(scene, { iat: nowS() + 60 }) }),
  },
  {
    id: 'C8',
    attack: '`iat` is no number',
    force: 'MUST',
    reference: 'RFC 7519 §4.1.6',
    tokens: (scene) => each(['0', null, {}, [1]], (iat) => claim(scene, { iat })),
  },
];
