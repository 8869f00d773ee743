import { ownValue } from '../../token/claim-path.js';
import { ALGORITHMS, UNAVAILABLE_ALGORITHMS } from '../../jwk/algorithms.js';
import type { Examination } from '../examination.js';
import { error, type Finding } from '../finding.js';
import { quoted, quotedList } from '../words.js';

const SYMMETRIC = /^HS\d+$/i;

/** Why the algorithm of a token is refused: by its name, or because its key is for another one. */
export function algorithmProblem({ token, imported, options, provider }: Examination): Finding {
  const alg = ownValue(token?.header, 'alg');
  const accepted = options.rules.algorithms;
  if (typeof alg === 'string' && SYMMETRIC.test(alg))
    return error(
      'symmetric_algorithm',
      `the token is signed with ${quoted(alg)}: with a secret that issuer and API share, so that whoever verifies can forge. It is never accepted`,
      provider === 'supabase'
        ? 'Migrate the project to asymmetric JWT signing keys.'
        : 'Have the issuer sign with RS256, ES256 or EdDSA; with Auth0, that is the signing algorithm of the API.',
    );
  if (typeof alg === 'string' && alg.toLowerCase() === 'none')
    return error(
      'unsecured_token',
      'the token is unsecured: alg is "none", and whoever likes can write one',
      'Have the issuer sign it.',
    );
  if (typeof alg === 'string' && !accepted.includes(alg)) return notAccepted(alg, accepted);
  const kid = ownValue(token?.header, 'kid');
  const keys = imported?.keySet.candidates(kid as string | undefined, undefined) ?? [];
  const names = [...new Set(keys.flatMap((key) => key.algorithms.map(({ name }) => name)))];
  return error(
    'key_algorithm_differs',
    `the token is signed with ${quoted(alg)}, and its key ${quoted(kid)} is for ${quotedList(names)}`,
    'Have the issuer publish the key with the algorithm that it signs with, or sign with that of the key.',
  );
}

function notAccepted(alg: string, accepted: readonly string[]): Finding {
  const spelled = [...ALGORITHMS.keys()].find((name) => name.toLowerCase() === alg.toLowerCase());
  const seen = `the token is signed with ${quoted(alg)}, which is not accepted: ${quotedList(accepted)}`;
  if (spelled !== undefined && spelled !== alg)
    return error(
      'unsupported_algorithm',
      `${seen}; they differ in upper and lower case`,
      `Have the issuer write ${quoted(spelled)}.`,
    );
  if (UNAVAILABLE_ALGORITHMS.includes(alg))
    return error(
      'unsupported_algorithm',
      `${seen}; the OpenSSL of this Node.js (${process.version}) does not have it`,
      'Use Node.js 24.7 or newer.',
    );
  if (ALGORITHMS.has(alg))
    return error(
      'unsupported_algorithm',
      seen,
      `Add it to the option "algorithms", if the issuer is meant to sign with it.`,
    );
  return error('unsupported_algorithm', seen, 'Have the issuer sign with RS256, ES256 or EdDSA.');
}
