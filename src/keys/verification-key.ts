import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { fittingAlgorithms, type Algorithm } from './algorithms.js';
import { isRocaModulus, isSmallOrderPoint } from './weak-keys.js';

/** A public key, imported once, that signatures are checked with. */
export interface VerificationKey {
  /** The key's id; undefined when the issuer gave none. */
  readonly kid: string | undefined;
  /** The algorithms that this key may verify: one if the key names it, else all allowed ones that fit its type. */
  readonly algorithms: readonly Algorithm[];
  readonly keyObject: KeyObject;
  /** JWK thumbprint (RFC 7638): equal for equal key material. */
  readonly thumbprint: string;
}

/** Why a key of a set is left out. Closed, so that it can be logged and counted. */
export type UnusableKeyReason =
  | 'not_an_object'
  | 'private_material'
  | 'symmetric'
  | 'unknown_type'
  | 'not_for_signatures'
  | 'algorithm_mismatch'
  | 'invalid_kid'
  | 'invalid_material'
  | 'too_weak';

/** A key that cannot be used for verification. */
export class UnusableKeyError extends Error {
  override readonly name = 'UnusableKeyError';

  constructor(readonly reason: UnusableKeyReason) {
    super(`unusable key: ${reason}`);
  }
}

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 16_384;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'];
const PUBLIC_MEMBERS: Record<string, readonly string[]> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};
/** Coordinates have the full length of their curve, no more and no less (RFC 7518 §6.2.1.2, RFC 8037 §2). */
const COORDINATE_BYTES: Record<string, number> = {
  'P-256': 32,
  'P-384': 48,
  'P-521': 66,
  secp256k1: 32,
  Ed25519: 32,
};
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Imports one member of a JWK Set (RFC 7517 §4) for verification with some of the `allowed` algorithms.
 *
 * @throws UnusableKeyError when the key is private, symmetric, weak, broken, or not meant for signatures
 */
export function importVerificationKey(jwk: unknown, allowed: Iterable<string>): VerificationKey {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk))
    throw new UnusableKeyError('not_an_object');
  const members = jwk as Record<string, unknown>;
  checkPurpose(members);
  const material = publicMaterial(members);
  const fitting = fittingAlgorithms(members['kty'], members['crv'], allowed);
  const algorithms =
    members['alg'] === undefined ? fitting : fitting.filter(({ name }) => name === members['alg']);
  if (algorithms.length === 0) throw new UnusableKeyError('algorithm_mismatch');
  return {
    kid: members['kid'] as string | undefined,
    algorithms,
    keyObject: importMaterial(material),
    thumbprint: createHash('sha256').update(JSON.stringify(material)).digest('base64url'),
  };
}

function checkPurpose(members: Record<string, unknown>): void {
  const { kty, kid, use, key_ops: operations } = members;
  if (kty === 'oct') throw new UnusableKeyError('symmetric');
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(members, name)))
    throw new UnusableKeyError('private_material');
  if (typeof kty !== 'string' || !Object.hasOwn(PUBLIC_MEMBERS, kty))
    throw new UnusableKeyError('unknown_type');
  if (kid !== undefined && typeof kid !== 'string') throw new UnusableKeyError('invalid_kid');
  if (use !== undefined && use !== 'sig') throw new UnusableKeyError('not_for_signatures');
  if (operations !== undefined && !mayVerify(operations)) throw new UnusableKeyError('not_for_signatures');
}

/** RFC 7517 §4.3: an array of distinct strings; this one must hold `verify`. */
function mayVerify(operations: unknown): boolean {
  return (
    Array.isArray(operations) &&
    operations.every((operation) => typeof operation === 'string') &&
    new Set(operations).size === operations.length &&
    operations.includes('verify')
  );
}

/** The members that make up the public key and nothing else, in the order of RFC 7638 §3. */
function publicMaterial(members: Record<string, unknown>): Record<string, string> {
  const material: Record<string, string> = {};
  const kty = members['kty'] as string;
  for (const name of PUBLIC_MEMBERS[kty] ?? []) {
    const value = kty === 'RSA' ? asBase64url(members[name]) : members[name];
    if (typeof value !== 'string' || !BASE64URL.test(value)) throw new UnusableKeyError('invalid_material');
    if ((name === 'x' || name === 'y') && bytes(value).length !== COORDINATE_BYTES[String(members['crv'])]) {
      throw new UnusableKeyError('invalid_material');
    }
    material[name] = value;
  }
  return material;
}

/** At least one large provider publishes its RSA keys in plain base64, which is unambiguous all the same. */
const asBase64url = (value: unknown): unknown =>
  typeof value === 'string' && BASE64.test(value)
    ? value.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
    : value;

function importMaterial(material: Record<string, string>): KeyObject {
  let keyObject: KeyObject;
  try {
    keyObject = createPublicKey({ key: material as JsonWebKey, format: 'jwk' });
  } catch {
    throw new UnusableKeyError('invalid_material');
  }
  if (material['kty'] === 'RSA') checkRsa(keyObject, material);
  if (material['crv'] === 'Ed25519' && isSmallOrderPoint(bytes(material['x'])))
    throw new UnusableKeyError('too_weak');
  return keyObject;
}

function checkRsa(keyObject: KeyObject, material: Record<string, string>): void {
  const { modulusLength = 0, publicExponent = 0n } = keyObject.asymmetricKeyDetails ?? {};
  const modulus = BigInt(`0x${bytes(material['n']).toString('hex')}`);
  const isSound =
    modulusLength >= MIN_RSA_BITS &&
    modulusLength <= MAX_RSA_BITS &&
    publicExponent >= 3n &&
    publicExponent % 2n === 1n &&
    publicExponent < 2n ** 64n &&
    modulus % 2n === 1n &&
    !isRocaModulus(modulus);
  if (!isSound) throw new UnusableKeyError('too_weak');
}

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
