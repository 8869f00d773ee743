import { verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import { AuthError } from '../common/auth.error.js';
import type { VerificationKey } from '../jwk/verification-key.js';
import type { JoseHeader, UncheckedClaims } from './access-token.js';
import { ownValue } from './claim-path.js';
import { derSignature } from './der-signature.js';
import { signsForIssuer } from './entra-tenant.js';
import type { Jws } from './jws.js';

/** The arguments of `crypto.verify`. */
type VerifyArguments = readonly [
  hash: string | null,
  signingInput: Buffer,
  key: KeyObject | VerifyKeyObjectInput,
  signature: Buffer,
];

/**
 * Those of the keys found for a token that may sign for its issuer.
 *
 * @throws AuthError where none was found: the kid is known and its keys are for other algorithms, or without a kid more
 * than one key would fit
 */
export function keysForToken(
  found: readonly VerificationKey[],
  header: JoseHeader,
  claims: UncheckedClaims,
): readonly VerificationKey[] {
  if (found.length === 0)
    throw new AuthError(ownValue(header, 'kid') === undefined ? 'unknown_key' : 'unsupported_algorithm');
  return found.filter((key) => signsForIssuer(key, claims));
}

/** @throws AuthError `bad_signature` when it is none of them */
export function signerAmong(keys: readonly VerificationKey[], jws: Jws): VerificationKey {
  const key = keys.find((candidate) => isSignedWith(candidate, jws));
  if (key === undefined) throw new AuthError('bad_signature');
  return key;
}

/** {@link signerAmong} in libuv's thread pool. */
export async function signerInThreadPool(
  keys: readonly VerificationKey[],
  jws: Jws,
): Promise<VerificationKey> {
  for (const key of keys) if (await isSignedWithInThreadPool(key, jws)) return key;
  throw new AuthError('bad_signature');
}

/**
 * True when the signature of this JWS was made with the private half of this key, by the algorithm that the key and
 * the header agree on (RFC 7515 §5.2, RFC 8725 §3.1). Never throws.
 */
export function isSignedWith(key: VerificationKey, jws: Jws): boolean {
  const args = verifyArguments(key, jws);
  try {
    return args !== undefined && verify(...args);
  } catch {
    return false;
  }
}

/** {@link isSignedWith} in libuv's thread pool. Never rejects. */
export function isSignedWithInThreadPool(key: VerificationKey, jws: Jws): Promise<boolean> {
  const args = verifyArguments(key, jws);
  return new Promise((resolve) => {
    if (args === undefined) return resolve(false);
    try {
      verify(...args, (error, isValid) => resolve(error === null && isValid));
    } catch {
      resolve(false);
    }
  });
}

/** Undefined when no signature can be valid. */
function verifyArguments(
  key: VerificationKey,
  { header, signingInput, signature }: Jws,
): VerifyArguments | undefined {
  const algorithm = key.algorithms.find(({ name }) => name === header.alg);
  // OpenSSL accepts a PSS signature without its leading zeros; RFC 8017 §8.1.2 does not.
  if (algorithm === undefined || signature.length !== key.signatureBytes) return undefined;
  const { hash, kty, parameters } = algorithm;
  const keyInput = parameters === undefined ? key.keyObject : { key: key.keyObject, ...parameters };
  return [hash, signingInput, keyInput, kty === 'EC' ? derSignature(signature) : signature];
}
