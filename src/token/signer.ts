import { printable } from '../common/printable.js';
import type { VerificationKey } from '../jwk/verification-key.js';
import { ATTRIBUTES, SPANS } from '../telemetry/names.js';
import { withSpan } from '../telemetry/span.js';
import type { JoseHeader, UncheckedClaims } from './access-token.js';
import type { Jws } from './jws.js';
import { keysForToken, signerAmong, signerInThreadPool } from './signature.js';

/**
 * The key that the signature was made with (RFC 7515 §5.2), inside the span `jwt.verify`. Without a promise on the thread
 * of the caller.
 *
 * @param found what a key ring has for the kid and the algorithm
 * @throws AuthError `bad_signature` when it is none of them; when there are none, `unsupported_algorithm` with a kid, whose
 * keys are for other algorithms, and `unknown_key` without one, where more than one key would fit
 */
export function signerOf(
  jws: Jws,
  claims: UncheckedClaims,
  found: readonly VerificationKey[],
  inThreadPool: boolean,
): VerificationKey | Promise<VerificationKey> {
  const keys = keysForToken(found, jws.header, claims);
  return withSpan(SPANS.verify, { attributes: () => attributesOf(jws.header, keys[0]) }, () =>
    inThreadPool ? signerInThreadPool(keys, jws) : signerAmong(keys, jws),
  );
}

/** What a trace shows of a key: its own members, with which the header only agrees. */
function attributesOf({ alg }: JoseHeader, key: VerificationKey | undefined): Record<string, string> {
  const algorithm = key?.algorithms.find(({ name }) => name === alg);
  return {
    ...(algorithm !== undefined && { [ATTRIBUTES.algorithm]: algorithm.name }),
    ...(key?.kid !== undefined && { [ATTRIBUTES.kid]: printable(key.kid) }),
  };
}
