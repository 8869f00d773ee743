import { randomBytes } from 'node:crypto';
import { signWith, type TestKey } from './test-key.js';

/** Claims of a token, any JSON. A claim that is `undefined` is left out. */
export interface TestClaims {
  readonly iss?: unknown;
  readonly sub?: unknown;
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly iat?: unknown;
  readonly jti?: unknown;
  readonly client_id?: unknown;
  readonly scope?: unknown;
  readonly [claim: string]: unknown;
}

/** How a token differs from the default one, apart from its claims. */
export interface TestTokenOptions {
  /** Merged into the header; a member that is `undefined` is removed. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** The key that signs; the header names its algorithm and kid. @default the issuer's signing key */
  readonly key?: TestKey;
  /** Lifetime from now in milliseconds; negative for an expired token. @default 300 000 */
  readonly expiresInMs?: number;
}

/** A part of a token: an object is serialised as JSON, a string or bytes are verbatim. All are base64url-encoded. */
export type TokenPart = Readonly<Record<string, unknown>> | string | Uint8Array;

/** `'none'`: empty; `'garbage'`: random bytes; else these bytes, or the function's result for the signing input. */
export type ForgedSignature = 'none' | 'garbage' | Uint8Array | ((signingInput: Buffer) => Uint8Array);

/** The parts of a forged token; a part that is left out is valid. */
export interface ForgedToken {
  readonly header?: TokenPart;
  readonly payload?: TokenPart;
  /** The key that signs, with its own algorithm, regardless of the header. */
  readonly key?: TestKey;
  /** @default a valid signature by `key` */
  readonly signature?: ForgedSignature;
}

const LIFETIME_S = 300;
const GARBAGE_BYTES = 256;

/** The header of an access token signed by this key (RFC 9068 §2.1). */
export function goodHeader({ algorithm, kid }: TestKey): Record<string, unknown> {
  return { alg: algorithm, kid, typ: 'at+jwt' };
}

/** The claims of an access token that is valid now (RFC 9068 §2.2). */
export function goodClaims(
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
  expiresInMs?: number,
): Record<string, unknown> {
  const nowMs = Date.now();
  const iat = Math.floor(nowMs / 1_000);
  return {
    iss: issuer,
    aud: audience,
    sub: 'user-1',
    client_id: 'client-1',
    jti: randomBytes(12).toString('base64url'),
    iat,
    exp: expiresInMs === undefined ? iat + LIFETIME_S : (nowMs + expiresInMs) / 1_000,
  };
}

/** `events` of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4). */
const LOGOUT_EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const LOGOUT_LIFETIME_S = 120;

/** The claims of a logout token that is valid now: for the client and the subject of {@link goodClaims}. */
export function logoutClaims(issuer: string): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1_000);
  return {
    iss: issuer,
    aud: 'client-1',
    sub: 'user-1',
    jti: randomBytes(12).toString('base64url'),
    iat,
    exp: iat + LOGOUT_LIFETIME_S,
    events: LOGOUT_EVENTS,
  };
}

/** A JWS in compact serialization (RFC 7515 §7.1) of exactly these parts. */
export function forgeToken({
  header,
  payload,
  key,
  signature,
}: Required<Omit<ForgedToken, 'signature'>> & ForgedToken): string {
  const signingInput = `${encodePart(header)}.${encodePart(payload)}`;
  return `${signingInput}.${Buffer.from(makeSignature(signature, key, Buffer.from(signingInput))).toString('base64url')}`;
}

function makeSignature(
  signature: ForgedSignature | undefined,
  key: TestKey,
  signingInput: Buffer,
): Uint8Array {
  if (signature === undefined) return signWith(key, signingInput);
  if (signature === 'none') return Buffer.alloc(0);
  if (signature === 'garbage') return randomBytes(GARBAGE_BYTES);
  return typeof signature === 'function' ? signature(signingInput) : signature;
}

function encodePart(part: TokenPart): string {
  const bytes = typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(bytes as string).toString('base64url');
}
