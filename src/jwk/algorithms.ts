import { constants, createPublicKey, type JsonWebKey } from 'node:crypto';

/**
 * How one JWS algorithm is verified with `node:crypto`, and which keys it fits (RFC 7518 §3.1, RFC 8037, 8812, 9864,
 * 9964).
 */
export interface Algorithm {
  readonly name: string;
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'AKP';
  /** The curve, of an EC or OKP key. */
  readonly crv?: string;
  /** The digest; null where the algorithm brings its own. */
  readonly hash: string | null;
  /**
   * RSA padding and salt; undefined where Node's defaults are right, because a bare key is verified with a third faster
   * than one in an options object.
   */
  readonly parameters?: { readonly padding: number; readonly saltLength: number };
  /** Length of a signature in bytes; undefined for RSA, where it is the length of the modulus. */
  readonly signatureBytes?: number;
  /** Length of an AKP public key in bytes. */
  readonly publicKeyBytes?: number;
}

const rsa = (bits: number): Algorithm => ({
  name: `RS${bits}`,
  kty: 'RSA',
  // PKCS #1 v1.5 is Node's default padding.
  hash: `sha${bits}`,
});

const pss = (bits: number): Algorithm => ({
  name: `PS${bits}`,
  kty: 'RSA',
  hash: `sha${bits}`,
  // The salt is as long as the digest, no other length is valid (RFC 7518 §3.5).
  parameters: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
});

const ecdsa = (name: string, crv: string, hash: string, signatureBytes: number): Algorithm => ({
  name,
  kty: 'EC',
  crv,
  hash,
  signatureBytes,
});

const ed25519 = (name: string): Algorithm => ({
  name,
  kty: 'OKP',
  crv: 'Ed25519',
  hash: null,
  signatureBytes: 64,
});

// The key names its algorithm (RFC 9964 §3), so no curve is needed. The lengths are those of FIPS 204 §4.
const mlDsa = (parameterSet: number, publicKeyBytes: number, signatureBytes: number): Algorithm => ({
  name: `ML-DSA-${parameterSet}`,
  kty: 'AKP',
  hash: null,
  signatureBytes,
  publicKeyBytes,
});

const TABLE: readonly Algorithm[] = [
  rsa(256),
  rsa(384),
  rsa(512),
  pss(256),
  pss(384),
  pss(512),
  ecdsa('ES256', 'P-256', 'sha256', 64),
  ecdsa('ES384', 'P-384', 'sha384', 96),
  ecdsa('ES512', 'P-521', 'sha512', 132),
  ecdsa('ES256K', 'secp256k1', 'sha256', 64),
  ed25519('EdDSA'),
  ed25519('Ed25519'),
  mlDsa(44, 1_312, 2_420),
  mlDsa(65, 1_952, 3_309),
  mlDsa(87, 2_592, 4_627),
];

/** Every algorithm that can be verified, by its name in a JOSE header. Symmetric ones and `none` are not among them. */
export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map(
  TABLE.filter(isAvailable).map((entry) => [entry.name, entry]),
);

/** The algorithms that this library supports and this Node.js does not: ML-DSA, before Node.js 24.7. */
export const UNAVAILABLE_ALGORITHMS: readonly string[] = TABLE.map(({ name }) => name).filter(
  (name) => !ALGORITHMS.has(name),
);

/**
 * What is accepted unless the options say otherwise: everything but the fully specified name `Ed25519` of RFC 9864,
 * which an application enables by name.
 */
export const DEFAULT_ALGORITHMS: readonly string[] = [...ALGORITHMS.keys()].filter(
  (name) => name !== 'Ed25519',
);

/** The algorithms of `allowed` that a key of this type and curve can verify. */
export function fittingAlgorithms(
  kty: unknown,
  crv: unknown,
  allowed: Iterable<string>,
): readonly Algorithm[] {
  return [...allowed]
    .map((name) => ALGORITHMS.get(name))
    .filter((algorithm) => algorithm !== undefined)
    .filter((algorithm) => algorithm.kty === kty && (algorithm.crv === undefined || algorithm.crv === crv));
}

/** ML-DSA depends on the OpenSSL underneath. Tried, rather than read from a version: can it import a key of zeros? */
function isAvailable({ name, kty, publicKeyBytes }: Algorithm): boolean {
  if (publicKeyBytes === undefined) return true;
  const key = { kty, alg: name, pub: Buffer.alloc(publicKeyBytes).toString('base64url') };
  try {
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
