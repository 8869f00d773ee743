import { createHmac } from 'node:crypto';
import { forgeToken, goodClaims, goodHeader, type ForgedSignature, type ForgedToken } from './minting.js';
import { signWith, type TestKey } from './test-key.js';

/** What bad tokens are derived from. */
export interface BadTokenSource {
  readonly issuer: string;
  readonly audience: string;
  /** The key that signs good tokens. */
  readonly key: TestKey;
  /** A key of the same algorithm that the issuer does not publish. */
  readonly unpublished: TestKey;
}

const HOUR_S = 3_600;

/**
 * Tokens that an API must reject if it trusts this issuer and expects this audience. Each is valid except for what its
 * name says.
 */
export function badTokensOf({ issuer, audience, key, unpublished }: BadTokenSource) {
  const header = goodHeader(key);
  const claims = goodClaims({ issuer, audience });
  const nowS = Math.floor(Date.now() / 1_000);
  const forge = (forgery: ForgedToken) => forgeToken({ header, payload: claims, key, ...forgery });
  const withHeader = (more: object, forgery?: ForgedToken) =>
    forge({ header: { ...header, ...more }, ...forgery });
  const withClaims = (more: object) => forge({ payload: { ...claims, ...more } });
  const unknownKid = { kid: unpublished.kid };
  const [goodHead, goodPayload, goodSignature] = forge({}).split('.');

  return {
    // Times (RFC 7519 §4.1.4 to §4.1.6)
    expired: withClaims({ iat: nowS - 2 * HOUR_S, exp: nowS - HOUR_S }),
    'missing exp': withClaims({ exp: undefined }),
    'exp a string': withClaims({ exp: String(nowS + HOUR_S) }),
    'exp null': withClaims({ exp: null }),
    'exp beyond all numbers': forge({ payload: JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999') }),
    'not yet valid': withClaims({ nbf: nowS + HOUR_S }),
    'nbf a string': withClaims({ nbf: String(nowS - HOUR_S) }),
    'issued in the future': withClaims({ iat: nowS + HOUR_S }),
    // Issuer and audience (RFC 7519 §4.1.1, §4.1.3)
    'other issuer': withClaims({ iss: 'https://issuer.example' }),
    'missing issuer': withClaims({ iss: undefined }),
    'issuer with one more slash': withClaims({ iss: `${issuer}/` }),
    'issuers in an array': withClaims({ iss: [issuer] }),
    'wrong audience': withClaims({ aud: 'https://other.example' }),
    'missing audience': withClaims({ aud: undefined }),
    'no audience at all': withClaims({ aud: [] }),
    'longer audience': withClaims({ aud: `${audience}/admin` }),
    'audience in a nested array': withClaims({ aud: [[audience]] }),
    // Kinds of token (RFC 8725 §3.11, RFC 7519 §4.1.2)
    'typ dpop+jwt': withHeader({ typ: 'dpop+jwt' }),
    'typ logout+jwt': withHeader({ typ: 'logout+jwt' }),
    'sub a number': withClaims({ sub: 1 }),
    // Algorithms (RFC 8725 §3.1)
    'alg none': withHeader({ alg: 'none' }, { signature: 'none' }),
    'alg nOnE': withHeader({ alg: 'nOnE' }, { signature: 'none' }),
    'alg none with a good signature': withHeader({ alg: 'none' }),
    'alg in lower case': withHeader({ alg: key.algorithm.toLowerCase() }),
    'missing alg': withHeader({ alg: undefined }),
    'HS256 with the public key': withHeader({ alg: 'HS256' }, { signature: hmacWithPublicKey(key) }),
    'HS256 with the empty key': withHeader({ alg: 'HS256' }, { signature: hmac('') }),
    // Keys (RFC 7515 §4.1, RFC 8725 §3.10)
    'wrong key': forge({ key: unpublished }),
    'unknown kid': withHeader(unknownKid, { key: unpublished }),
    'kid a number': withHeader({ kid: 1 }),
    'key of its own (jwk)': withHeader({ jwk: unpublished.publicJwk }, { key: unpublished }),
    'key set of its own (jku)': withHeader({ jku: 'http://127.0.0.1:9/jwks' }, { key: unpublished }),
    // Extensions (RFC 7515 §4.1.11, RFC 7797 §7)
    crit: withHeader({ crit: ['exp'], exp: nowS + HOUR_S }),
    'empty crit': withHeader({ crit: [] }),
    b64: withHeader({ crit: ['b64'], b64: false }),
    // Signatures
    'tampered payload': [goodHead, encode({ ...claims, sub: 'admin' }), goodSignature].join('.'),
    'tampered header': [encode({ ...header, extra: true }), goodPayload, goodSignature].join('.'),
    'truncated signature': forge({ signature: (input) => signWith(key, input).subarray(0, -1) }),
    'longer signature': forge({ signature: (input) => Buffer.concat([signWith(key, input), Buffer.of(0)]) }),
    'zero signature': forge({ signature: (input) => signWith(key, input).fill(0) }),
    'garbage for a signature': forge({ signature: 'garbage' }),
    'no signature': forge({ signature: 'none' }),
    // Shapes (RFC 7515 §7.1, RFC 7519 §7.2)
    'not a JWT': 'abcdefghijklmnopqrstuvwxyz',
    'two parts': `${goodHead}.${goodPayload}`,
    'four parts': `${goodHead}.${goodPayload}.${goodSignature}.${goodSignature}`,
    'five parts, as a JWE': [
      encode({ alg: 'RSA-OAEP', enc: 'A256GCM' }),
      ...Array(4).fill(goodSignature),
    ].join('.'),
    'padded base64': `${goodHead}.${goodPayload}.${goodSignature}==`,
    'header no JSON': forge({ header: 'header' }),
    'header an array': forge({ header: '[]' }),
    'payload half of the JSON': forge({ payload: JSON.stringify(claims).slice(0, -1) }),
    'payload an array': forge({ payload: JSON.stringify([claims]) }),
    'payload null': forge({ payload: 'null' }),
    'payload no UTF-8': forge({ payload: Buffer.from(JSON.stringify({ ...claims, name: 'é' }), 'latin1') }),
  };
}

/** The name of a bad token. */
export type BadTokenName = keyof ReturnType<typeof badTokensOf>;

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

const hmac =
  (secret: string): ForgedSignature =>
  (signingInput) =>
    createHmac('sha256', secret).update(signingInput).digest();

/** The algorithm confusion attack (RFC 8725 §2.1): the public key used as an HMAC secret. */
const hmacWithPublicKey = ({ publicKey }: TestKey): ForgedSignature =>
  hmac(publicKey.export({ type: 'spki', format: 'pem' }).toString());
