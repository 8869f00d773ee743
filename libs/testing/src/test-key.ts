import { randomBytes, sign, type KeyObject } from 'node:crypto';
import { SIGNING_ALGORITHMS, type TestAlgorithm } from './signing-algorithm.js';

/** A public JWK as a JWK Set contains it (RFC 7517 §4). */
export interface PublicJwk {
  readonly kid: string;
  readonly alg: TestAlgorithm;
  readonly use: 'sig';
  readonly kty: string;
  readonly [member: string]: unknown;
}

/** A generated signing key. */
export interface TestKey {
  readonly kid: string;
  readonly algorithm: TestAlgorithm;
  readonly publicJwk: PublicJwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** The options of a new key. */
export interface TestKeyOptions {
  /** @default the algorithm of the issuer */
  readonly algorithm?: TestAlgorithm;
  /** The key ID; it may be in use already, for an issuer that reuses kids. @default a random one */
  readonly kid?: string;
}

/**
 * Generates a key pair.
 *
 * @throws TypeError for an algorithm that is no TestAlgorithm, or that this Node.js does not support
 */
export async function createTestKey(algorithm: TestAlgorithm, kid?: string): Promise<TestKey> {
  if (!Object.hasOwn(SIGNING_ALGORITHMS, algorithm)) {
    const known = Object.keys(SIGNING_ALGORITHMS).join(', ');
    throw new TypeError(`algorithm: expected one of ${known}, got ${String(algorithm)}`);
  }
  const { publicKey, privateKey } = await generate(algorithm);
  const name = kid ?? `${algorithm.toLowerCase()}-${randomBytes(8).toString('hex')}`;
  const { kty = '', ...material } = publicKey.export({ format: 'jwk' });
  const publicJwk: PublicJwk = { kty, kid: name, alg: algorithm, use: 'sig', ...material };
  return { kid: name, algorithm, publicJwk, publicKey, privateKey };
}

async function generate(algorithm: TestAlgorithm): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  try {
    return await SIGNING_ALGORITHMS[algorithm].generate();
  } catch (cause) {
    throw new TypeError(`algorithm: this Node.js (${process.version}) makes no keys for ${algorithm}`, {
      cause,
    });
  }
}

/** The JWS signature of `signingInput` under this key (RFC 7515 §5.1). */
export function signWith({ algorithm, privateKey }: TestKey, signingInput: Buffer): Buffer {
  const { hash, parameters } = SIGNING_ALGORITHMS[algorithm];
  return sign(hash, signingInput, { key: privateKey, ...parameters });
}

const unpublished = new Map<TestAlgorithm, Promise<TestKey>>();

/** A key that no issuer publishes: one per algorithm and process, because RSA keys are slow to generate. */
export function unpublishedKey(algorithm: TestAlgorithm): Promise<TestKey> {
  const known = unpublished.get(algorithm) ?? createTestKey(algorithm);
  unpublished.set(algorithm, known);
  return known;
}
