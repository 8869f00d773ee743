import { isUtf8 } from 'node:buffer';
import { AuthError } from '../errors/auth.error.js';

/** A JOSE header (RFC 7515 §4) whose shape has been checked. */
export interface JoseHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
  readonly [member: string]: unknown;
}

/** A JWS in compact serialization (RFC 7515 §7.1), taken apart; nothing in it is verified. */
export interface Jws {
  readonly header: JoseHeader;
  readonly payload: Readonly<Record<string, unknown>>;
  /** What the signature is over. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Takes a compact JWS apart and checks its shape: three parts, canonical base64url, UTF-8, JSON objects, and a header
 * without extensions.
 *
 * @throws AuthError `malformed_token`, or `unsupported_critical` for `crit` and `b64` (RFC 7515 §4.1.11, RFC 7797 §7)
 */
export function parseJws(token: string): Jws {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first < 0 || second < 0 || token.includes('.', second + 1)) throw new AuthError('malformed_token');
  const header = parseHeader(token.slice(0, first));
  return {
    header,
    payload: parseJsonObject(token.slice(first + 1, second)),
    signingInput: Buffer.from(token.slice(0, second), 'latin1'),
    signature: decodeBase64Url(token.slice(second + 1)),
  };
}

function parseHeader(part: string): JoseHeader {
  const header = parseJsonObject(part);
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    throw new AuthError('unsupported_critical');
  const { alg, kid, typ } = header;
  const isWellFormed =
    typeof alg === 'string' &&
    (kid === undefined || typeof kid === 'string') &&
    (typ === undefined || typeof typ === 'string');
  if (!isWellFormed) throw new AuthError('malformed_token');
  return header as JoseHeader;
}

function parseJsonObject(part: string): Record<string, unknown> {
  const bytes = decodeBase64Url(part);
  if (!isUtf8(bytes)) throw new AuthError('malformed_token');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's message quotes the token, so it is not kept.
    throw new AuthError('malformed_token');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AuthError('malformed_token');
  return value as Record<string, unknown>;
}

/** Canonical base64url only (RFC 7515 §2, RFC 4648 §3.5): no padding, no other characters, no stray bits. */
function decodeBase64Url(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw new AuthError('malformed_token');
  return bytes;
}
