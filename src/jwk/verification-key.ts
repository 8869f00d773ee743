import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { fittingAlgorithms, type Algorithm } from './algorithms.js';
import { asBase64Url, isKnownKeyType, publicMaterial, type PublicMaterial } from './public-material.js';
import { UnusableKeyError } from './unusable-key.error.js';
import { isOnEdwards25519, isSmallOrderPoint, isSoundRsaKey } from './weak-keys.js';

/** A public key, imported once, that signatures are checked with. */
export interface VerificationKey {
  /** The key's id; undefined when the issuer gave none. */
  readonly kid: string | undefined;
  /** The algorithms that this key may verify: one if the key names it, else all allowed ones that fit its type. */
  readonly algorithms: readonly Algorithm[];
  readonly keyObject: KeyObject;
  /** JWK thumbprint (RFC 7638): equal for equal key material. */
  readonly thumbprint: string;
  /** Length of a signature by this key in bytes; no other length is valid (RFC 8017 §8.1.2, RFC 7518 §3.4). */
  readonly signatureBytes: number;
  /** The thumbprints of its certificate, as {@link certificateName} has them (RFC 7517 §4.8, §4.9). */
  readonly certificates: readonly string[];
  /** The member `issuer`, as keys of Entra ID have it: whose tokens the key signs, or a template of that. */
  readonly issuer: string | undefined;
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'];

/**
 * Imports one member of a JWK Set (RFC 7517 §4) for verification with some of the `allowed` algorithms.
 *
 * @throws UnusableKeyError when the key is private, symmetric, weak, broken, or not meant for signatures
 */
export function importVerificationKey(jwk: unknown, allowed: Iterable<string>): VerificationKey {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk))
    throw new UnusableKeyError('not_an_object');
  const members = presentMembers(jwk);
  checkPurpose(members);
  const material = publicMaterial(members);
  const [algorithm, ...others] = algorithmsOf(members, allowed);
  if (algorithm === undefined) throw new UnusableKeyError('algorithm_mismatch');
  const keyObject = importMaterial(material);
  const { modulusLength = 0 } = keyObject.asymmetricKeyDetails ?? {};
  return {
    kid: members['kid'] as string | undefined,
    algorithms: [algorithm, ...others],
    keyObject,
    thumbprint: createHash('sha256').update(JSON.stringify(material)).digest('base64url'),
    signatureBytes: algorithm.signatureBytes ?? Math.ceil(modulusLength / 8),
    certificates: certificatesOf(members),
    issuer: issuerOf(members),
  };
}

/** The members of a JWK that have a value: issuers write absent ones as null, as an empty string or an empty array. */
const presentMembers = (jwk: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(jwk).filter(
      ([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  );

/** The one that the key names (RFC 7517 §4.4), if it fits; all that fit, if it names none. */
function algorithmsOf(
  { kty, crv, alg }: Record<string, unknown>,
  allowed: Iterable<string>,
): readonly Algorithm[] {
  const fitting = fittingAlgorithms(kty, crv, allowed);
  return alg === undefined ? fitting : fitting.filter(({ name }) => name === alg);
}

const PARAMETERS = ['x5t', 'x5t#S256'] as const;
const HASHES = { x5t: 'sha1', 'x5t#S256': 'sha256' } as const;

/** What the certificate of a key is called: where a token has no kid, its `x5t` or `x5t#S256` names the key. */
export const certificateName = (parameter: (typeof PARAMETERS)[number], thumbprint: string): string =>
  `${parameter}:${String(asBase64Url(thumbprint))}`;

/** The parameter of such a name; undefined for another name. */
export const parameterOf = (name: string): string | undefined => /^(x5t(?:#S256)?):/.exec(name)?.[1];

const NO_CERTIFICATES: readonly string[] = [];

/** Those that the key states; those that it does not, by the first certificate in `x5c`. */
function certificatesOf(members: Record<string, unknown>): readonly string[] {
  const { x5c } = members;
  const [first] = Array.isArray(x5c) ? (x5c as readonly unknown[]) : [];
  const certificate = typeof first === 'string' ? Buffer.from(first, 'base64') : undefined;
  const names = PARAMETERS.flatMap((parameter) => {
    const stated = members[parameter];
    if (typeof stated === 'string') return [certificateName(parameter, stated)];
    if (certificate === undefined) return [];
    const thumbprint = createHash(HASHES[parameter]).update(certificate).digest('base64url');
    return [certificateName(parameter, thumbprint)];
  });
  return names.length > 0 ? names : NO_CERTIFICATES;
}

/** A member that RFC 7517 does not define, so it counts only where it is the URL of an issuer. */
const issuerOf = ({ issuer }: Record<string, unknown>): string | undefined =>
  typeof issuer === 'string' && /^https?:/.test(issuer) ? issuer : undefined;

function checkPurpose(members: Record<string, unknown>): void {
  const { kty, kid, use, key_ops: operations } = members;
  if (kty === 'oct') throw new UnusableKeyError('symmetric');
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(members, name)))
    throw new UnusableKeyError('private_material');
  if (!isKnownKeyType(kty)) throw new UnusableKeyError('unknown_type');
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

function importMaterial(material: PublicMaterial): KeyObject {
  let keyObject: KeyObject;
  try {
    keyObject = createPublicKey({ key: material as JsonWebKey, format: 'jwk' });
  } catch {
    throw new UnusableKeyError('invalid_material');
  }
  if (material['kty'] === 'RSA') checkRsa(keyObject, material);
  if (material['crv'] === 'Ed25519') checkEd25519(material);
  return keyObject;
}

function checkRsa(keyObject: KeyObject, material: PublicMaterial): void {
  const modulus = BigInt(`0x${bytes(material['n']).toString('hex')}`);
  const isSound = isSoundRsaKey(modulus, keyObject.asymmetricKeyDetails);
  if (!isSound) throw new UnusableKeyError('too_weak');
}

/** OpenSSL accepts any 32 bytes as such a key, and fails in each verification. */
function checkEd25519(material: PublicMaterial): void {
  const point = bytes(material['x']);
  if (isSmallOrderPoint(point)) throw new UnusableKeyError('too_weak');
  if (!isOnEdwards25519(point)) throw new UnusableKeyError('invalid_material');
}

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
