import { verify } from 'node:crypto';
import type { VerificationKey } from '../keys/verification-key.js';
import { derSignature } from './der-signature.js';
import type { Jws } from './jws.js';

/**
 * True when the signature of this JWS was made with the private half of this key, by the algorithm that the key and
 * the header agree on (RFC 7515 §5.2, RFC 8725 §3.1). Never throws.
 */
export function isSignedWith(key: VerificationKey, { header, signingInput, signature }: Jws): boolean {
  const algorithm = key.algorithms.find(({ name }) => name === header.alg);
  // OpenSSL takes a PSS signature whose leading zeros were left out (RFC 8017 §8.1.2 does not).
  if (algorithm === undefined || signature.length !== key.signatureBytes) return false;
  const { hash, kty, parameters } = algorithm;
  try {
    const input = parameters === undefined ? key.keyObject : { key: key.keyObject, ...parameters };
    return verify(hash, signingInput, input, kty === 'EC' ? derSignature(signature) : signature);
  } catch {
    return false;
  }
}
