import { verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import type { VerificationKey } from '../jwk/verification-key.js';
import { derSignature } from './der-signature.js';
import type { Jws } from './jws.js';

/** What `crypto.verify` is asked. */
type Question = readonly [
  hash: string | null,
  signingInput: Buffer,
  key: KeyObject | VerifyKeyObjectInput,
  signature: Buffer,
];

/**
 * True when the signature of this JWS was made with the private half of this key, by the algorithm that the key and
 * the header agree on (RFC 7515 §5.2, RFC 8725 §3.1). Never throws.
 */
export function isSignedWith(key: VerificationKey, jws: Jws): boolean {
  const question = questionFor(key, jws);
  try {
    return question !== undefined && verify(...question);
  } catch {
    return false;
  }
}

/** {@link isSignedWith}, found out on a thread of libuv's pool. Never rejects. */
export function isSignedWithInThreadPool(key: VerificationKey, jws: Jws): Promise<boolean> {
  const question = questionFor(key, jws);
  return new Promise((resolve) => {
    if (question === undefined) return resolve(false);
    try {
      verify(...question, (error, isValid) => resolve(error === null && isValid));
    } catch {
      resolve(false);
    }
  });
}

/** Undefined when the answer is no, whatever the signature is. */
function questionFor(key: VerificationKey, { header, signingInput, signature }: Jws): Question | undefined {
  const algorithm = key.algorithms.find(({ name }) => name === header.alg);
  // OpenSSL takes a PSS signature whose leading zeros were left out (RFC 8017 §8.1.2 does not).
  if (algorithm === undefined || signature.length !== key.signatureBytes) return undefined;
  const { hash, kty, parameters } = algorithm;
  const keyInput = parameters === undefined ? key.keyObject : { key: key.keyObject, ...parameters };
  return [hash, signingInput, keyInput, kty === 'EC' ? derSignature(signature) : signature];
}
