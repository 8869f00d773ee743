import { randomBytes, randomUUID } from 'node:crypto';
import { signWith, type TestKey } from './test-key.js';

/** How a good token is made. */
export interface TokenOptions {
  /** Header members on top of `alg`, `kid` and `typ: at+jwt`; undefined takes one away. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Another key than the issuer's current one. */
  readonly key?: TestKey;
  /** Milliseconds from now until it expires. Default: 300_000. */
  readonly expiresInMs?: number;
}

/** A token of any kind, good or bad. */
export interface ForgedToken {
  /** An object becomes JSON; a string or bytes are taken as they are. */
  readonly header?: object | string | Buffer;
  /** The same for the payload. */
  readonly payload?: object | string | Buffer;
  /** Signs with this key, whatever the header says. */
  readonly key?: TestKey;
  /** Something else than the key's signature: nothing, noise, bytes, or what a function makes of the signing input. */
  readonly signature?: 'none' | 'garbage' | Buffer | ((signingInput: string) => Buffer);
}

/** Who issues, and for whom. */
export interface MintingContext {
  readonly issuer: string;
  readonly audience: string;
}

/** The claims of a good access token (RFC 9068 §2.2). */
export function goodClaims(
  { issuer, audience }: MintingContext,
  expiresInMs = 300_000,
): Record<string, unknown> {
  const now = Date.now();
  return {
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    client_id: 'client-1',
    jti: randomUUID(),
    iat: Math.floor(now / 1_000),
    exp: Math.floor((now + expiresInMs) / 1_000),
  };
}

/** The header of a good access token (RFC 9068 §2.1). */
export const goodHeader = ({ algorithm, kid }: TestKey): Record<string, unknown> => ({
  alg: algorithm,
  kid,
  typ: 'at+jwt',
});

/** Puts a compact JWS together (RFC 7515 §7.1). */
export function assemble({ header = {}, payload = {}, key, signature }: ForgedToken): string {
  const signingInput = `${encode(header)}.${encode(payload)}`;
  return `${signingInput}.${signatureOf(signingInput, key, signature).toString('base64url')}`;
}

function signatureOf(input: string, key: TestKey | undefined, signature: ForgedToken['signature']): Buffer {
  if (signature === 'none') return Buffer.alloc(0);
  if (signature === 'garbage') return randomBytes(256);
  if (typeof signature === 'function') return signature(input);
  if (signature !== undefined) return signature;
  if (key === undefined) throw new TypeError('a token needs a key or a signature');
  return signWith(key, input);
}

const encode = (part: object | string | Buffer): string =>
  Buffer.from(
    typeof part === 'string' || Buffer.isBuffer(part) ? (part as Buffer) : JSON.stringify(part),
  ).toString('base64url');
