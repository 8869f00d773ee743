import { decodeBase64Url } from './base64url.js';
import { UnusableKeyError } from './unusable-key.error.js';

/** The members of a public key that make it up, in the order of RFC 7638 §3 (RFC 7518 §6, 8037 §2, 9964 §3). */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  AKP: ['alg', 'kty', 'pub'],
};
/** The others are numbers or points, in base64url. */
const TEXTS: readonly string[] = ['alg', 'crv', 'kty'];
/** Coordinates have the full length of their curve, no more and no less (RFC 7518 §6.2.1.2, RFC 8037 §2). */
const COORDINATE_BYTES: ReadonlyMap<string, number> = new Map([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
  ['secp256k1', 32],
  ['Ed25519', 32],
]);

/** The members of a JWK that make up its public key, and nothing else; JSON of it is what a thumbprint is made of. */
export type PublicMaterial = Readonly<Record<string, string>>;

/** True for a key type whose public keys can be imported. */
export const isKnownKeyType = (kty: unknown): kty is string =>
  typeof kty === 'string' && Object.hasOwn(MEMBERS, kty);

/**
 * The public key in a JWK of a known type.
 *
 * @throws UnusableKeyError `invalid_material` when a member is missing, not canonical, or of the wrong length
 */
export function publicMaterial(jwk: Readonly<Record<string, unknown>>): PublicMaterial {
  const names = MEMBERS[jwk['kty'] as string] ?? [];
  return Object.fromEntries(names.map((name) => [name, materialMember(jwk, name)]));
}

function materialMember(jwk: Readonly<Record<string, unknown>>, name: string): string {
  const value = jwk['kty'] === 'RSA' ? asBase64Url(jwk[name]) : jwk[name];
  if (typeof value !== 'string' || value === '') throw new UnusableKeyError('invalid_material');
  if (TEXTS.includes(name)) return value;
  const decoded = decodeBase64Url(value);
  const isCoordinate = name === 'x' || name === 'y';
  const isWellFormed =
    decoded !== undefined && (!isCoordinate || decoded.length === COORDINATE_BYTES.get(String(jwk['crv'])));
  if (!isWellFormed) throw new UnusableKeyError('invalid_material');
  return value;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** At least one large provider publishes its RSA keys in plain base64, which is unambiguous all the same. */
export const asBase64Url = (value: unknown): unknown =>
  typeof value === 'string' && BASE64.test(value)
    ? value.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
    : value;
