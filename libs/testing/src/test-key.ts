import { constants, generateKeyPair, randomUUID, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** The algorithms that test keys can be made for (RFC 7518 §3.1, RFC 8037, RFC 8812, RFC 9864). */
export type TestAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'ES256K'
  | 'EdDSA'
  | 'Ed25519';

/** A signing key of a test issuer. */
export interface TestKey {
  readonly kid: string;
  readonly algorithm: TestAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** What the key set publishes. */
  readonly publicJwk: JsonWebKey;
}

const CURVES: Partial<Record<TestAlgorithm, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
  ES256K: 'secp256k1',
};

const generate = promisify(generateKeyPair) as unknown as (
  type: string,
  options: object,
) => Promise<{ publicKey: KeyObject; privateKey: KeyObject }>;

/** Makes a key; its kid is random unless given. */
export async function createTestKey(algorithm: TestAlgorithm, kid: string = randomUUID()): Promise<TestKey> {
  const { publicKey, privateKey } = await generateFor(algorithm);
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicKey, publicJwk };
}

function generateFor(algorithm: TestAlgorithm): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  const namedCurve = CURVES[algorithm];
  if (namedCurve !== undefined) return generate('ec', { namedCurve });
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return generate('ed25519', {});
  return generate('rsa', { modulusLength: 2048 });
}

/** Signs as a JWS of this algorithm is signed. */
export function signWith({ algorithm, privateKey: key }: TestKey, signingInput: string): Buffer {
  const input = Buffer.from(signingInput);
  const bits = algorithm.slice(2, 5);
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return sign(null, input, key);
  if (algorithm.startsWith('ES')) return sign(`sha${bits}`, input, { key, dsaEncoding: 'ieee-p1363' });
  const padding = algorithm.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
  return sign(`sha${bits}`, input, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}
