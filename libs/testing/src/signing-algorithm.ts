import { constants, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/**
 * The JWS algorithms that a test issuer can sign with (RFC 7518 §3.1, RFC 8037, 8812, 9864); ML-DSA (RFC 9964) where
 * Node.js supports it.
 */
export type TestAlgorithm =
  `${'RS' | 'PS' | 'ES'}${'256' | '384' | '512'}` | 'ES256K' | 'EdDSA' | 'Ed25519' | `ML-DSA-${44 | 65 | 87}`;

/** How an algorithm generates keys and signs. */
export interface SigningAlgorithm {
  readonly generate: () => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>;
  /** The digest; null where the algorithm implies it. */
  readonly hash: string | null;
  /** RSA padding and salt length, or the encoding of an ECDSA signature. */
  readonly parameters: {
    readonly padding?: number;
    readonly saltLength?: number;
    readonly dsaEncoding?: 'ieee-p1363';
  };
}

const generateKeys = promisify(generateKeyPair);
const generateRsa = () => generateKeys('rsa', { modulusLength: 2_048 });

const rsa = (bits: number): SigningAlgorithm => ({
  generate: generateRsa,
  hash: `sha${bits}`,
  parameters: { padding: constants.RSA_PKCS1_PADDING },
});

const pss = (bits: number): SigningAlgorithm => ({
  generate: generateRsa,
  hash: `sha${bits}`,
  // The salt is as long as the digest (RFC 7518 §3.5).
  parameters: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
});

const ecdsa = (namedCurve: string, bits: number): SigningAlgorithm => ({
  generate: () => generateKeys('ec', { namedCurve }),
  hash: `sha${bits}`,
  // R || S instead of DER (RFC 7518 §3.4).
  parameters: { dsaEncoding: 'ieee-p1363' },
});

const ed25519: SigningAlgorithm = {
  generate: () => generateKeys('ed25519'),
  hash: null,
  parameters: {},
};

const mlDsa = (parameterSet: 44 | 65 | 87): SigningAlgorithm => ({
  generate: () => generateKeys(`ml-dsa-${parameterSet}`),
  hash: null,
  parameters: {},
});

/** All algorithms, by their `alg` value. */
export const SIGNING_ALGORITHMS: Readonly<Record<TestAlgorithm, SigningAlgorithm>> = {
  RS256: rsa(256),
  RS384: rsa(384),
  RS512: rsa(512),
  PS256: pss(256),
  PS384: pss(384),
  PS512: pss(512),
  ES256: ecdsa('P-256', 256),
  ES384: ecdsa('P-384', 384),
  ES512: ecdsa('P-521', 512),
  ES256K: ecdsa('secp256k1', 256),
  EdDSA: ed25519,
  Ed25519: ed25519,
  'ML-DSA-44': mlDsa(44),
  'ML-DSA-65': mlDsa(65),
  'ML-DSA-87': mlDsa(87),
};
