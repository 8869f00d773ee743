import { isUtf8 } from 'node:buffer';
import { AuthError } from '../common/auth.error.js';
import { nestsTooDeep } from '../common/json-depth.js';
import { decodeBase64Url } from '../jwk/base64url.js';
import type { JoseHeader, UncheckedClaims } from './access-token.js';
import { ownValue } from './claim-path.js';

/** RFC 7516 §7.1. */
const JWE_PARTS = 5;

/** A JWS in compact serialization (RFC 7515 §7.1), split; nothing in it is verified. */
export interface Jws {
  readonly header: JoseHeader;
  /** The header as it is in the token. */
  readonly headerText: string;
  /** Whatever was signed; in a JWT the claims, as JSON. */
  readonly payload: Buffer;
  /** What the signature is over. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/**
 * Splits a compact JWS and checks its shape: three parts, canonical base64url, and a header that is a JSON object
 * without extensions.
 *
 * @param known headers that passed this before, by their text
 * @throws AuthError `malformed_token`, `encrypted_token` for a JWE (RFC 7516 §9), or `unsupported_critical` for `crit` and
 * `b64` (RFC 7515 §4.1.11, RFC 7797 §7)
 */
export function parseJws(token: string, known?: Pick<ReadonlyMap<string, JoseHeader>, 'get'>): Jws {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first < 0 || second < 0 || token.includes('.', second + 1))
    refuseParts(token.split('.', JWE_PARTS + 1));
  const headerText = token.slice(0, first);
  return {
    header: known?.get(headerText) ?? parseHeader(decode(headerText)),
    headerText,
    payload: decode(token.slice(first + 1, second)),
    // Both parts are ASCII: they have just been decoded.
    signingInput: Buffer.from(token.slice(0, second), 'latin1'),
    signature: decode(token.slice(second + 1)),
  };
}

/**
 * The claims in the payload (RFC 7519 §7.2).
 *
 * @throws AuthError `malformed_token` when it is no JSON object in UTF-8, or nests deeper than 32 levels
 */
export const parseClaims = ({ payload }: Jws): UncheckedClaims => parseJsonObject(payload);

/** What has not three parts is no JWS: a JWE where its header says so, or where it has five. */
function refuseParts(parts: readonly string[]): never {
  const header = parseJsonObject(decode(parts[0] ?? ''));
  throw new AuthError(parts.length === JWE_PARTS || isOfJwe(header) ? 'encrypted_token' : 'malformed_token');
}

/** Every JWE has `enc`, and no JWS (RFC 7516 §4.1.2, §9). */
const isOfJwe = (header: object): boolean => Object.hasOwn(header, 'enc');

function parseHeader(bytes: Buffer): JoseHeader {
  const header = parseJsonObject(bytes);
  if (isOfJwe(header)) throw new AuthError('encrypted_token');
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'))
    throw new AuthError('unsupported_critical');
  const [alg, kid, typ] = ['alg', 'kid', 'typ'].map((name) => ownValue(header, name));
  const isWellFormed =
    typeof alg === 'string' &&
    (kid === undefined || typeof kid === 'string') &&
    (typ === undefined || typeof typ === 'string');
  if (!isWellFormed) throw new AuthError('malformed_token');
  return header as JoseHeader;
}

function parseJsonObject(bytes: Buffer): Record<string, unknown> {
  if (!isUtf8(bytes) || nestsTooDeep(bytes)) throw new AuthError('malformed_token');
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

function decode(part: string): Buffer {
  const bytes = decodeBase64Url(part);
  if (bytes === undefined) throw new AuthError('malformed_token');
  return bytes;
}
