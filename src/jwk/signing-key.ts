import type { SigningKey } from 'jwks-rsa';
import type { VerificationKey } from './verification-key.js';

const signingKeys = new WeakMap<VerificationKey, SigningKey>();

/** A key as jwks-rsa has it, with its public key as PEM (RFC 7468 §13). Made once for each key. */
export function signingKeyOf(key: VerificationKey): SigningKey {
  const known = signingKeys.get(key);
  if (known !== undefined) return known;
  const pem = key.keyObject.export({ format: 'pem', type: 'spki' }) as string;
  const made = { ...namesOf(key), publicKey: pem, rsaPublicKey: pem, getPublicKey: () => pem } as SigningKey;
  signingKeys.set(key, made);
  return made;
}

/** A key as a member of a JWK Set (RFC 7517 §4): its public members, and nothing else that the issuer published. */
export const publicJwkOf = (key: VerificationKey): object => ({
  ...key.keyObject.export({ format: 'jwk' }),
  ...namesOf(key),
  use: 'sig',
});

/** Absent where the issuer gave none; `alg` is named where it is the only one. */
function namesOf({ kid, algorithms }: VerificationKey): { kid?: string; alg?: string } {
  const [algorithm, ...others] = algorithms;
  return {
    ...(kid !== undefined && { kid }),
    ...(algorithm !== undefined && others.length === 0 && { alg: algorithm.name }),
  };
}
