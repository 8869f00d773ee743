import type { IncomingMessage } from 'node:http';
import { AuthError } from '../../common/auth.error.js';

/** What is read of a request of Express or Fastify, or for an upgrade. */
export interface HttpRequest {
  readonly headers?: IncomingMessage['headers'];
  /** Fastify keeps Node's own request here. */
  readonly raw?: IncomingMessage;
  readonly rawHeaders?: readonly string[];
  readonly method?: string;
  readonly url?: string;
  readonly body?: unknown;
}

/**
 * RFC 9110 §11.4: a scheme, and after one or more spaces what belongs to it. That starts with no space, so that many
 * spaces are read in one way only: otherwise the time grows with the square of their number.
 */
const CREDENTIALS = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: +((?! ).+)?)?$/;
/** RFC 6750 §2.1. */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const ACCESS_TOKEN_PARAMETER = /[?&]access_token=/;

/**
 * Takes the bearer token out of the `Authorization` header (RFC 6750 §2.1, RFC 9110 §11), strictly, but for its
 * characters: see {@link isB64Token}. A token in the query or the body is ignored (OAuth 2.1 §5.1), unless it comes as
 * a second one.
 *
 * @throws AuthError `missing_token`, `malformed_request` or `multiple_tokens`
 */
export function bearerToken(request: HttpRequest): string {
  const header = request.headers?.authorization;
  if (header === undefined || header === '') throw new AuthError('missing_token');
  // Node keeps the first of several lines in `headers`.
  if (authorizationLines(request) > 1) throw new AuthError('multiple_tokens');
  const token = credentialsIn(header);
  if (hasTokenElsewhere(request)) throw isB64Token(token) ? new AuthError('multiple_tokens') : malformed();
  return token;
}

/**
 * True when a token has the syntax of bearer credentials (RFC 6750 §2.1). A good JWT always has it, so only refused tokens
 * are checked: reading a long token once more costs as much as everything else here.
 */
export const isB64Token = (token: string): boolean => B64TOKEN.test(token);

/**
 * Takes the bearer token out of credentials that came in several places, or outside of a header: the metadata of a
 * call, the parameters of a connection. One place only.
 *
 * @param credentials the values found, each as an `Authorization` header has it
 * @throws AuthError `missing_token`, `malformed_request` or `multiple_tokens`
 */
export function oneBearerToken(credentials: readonly unknown[]): string {
  const [value, ...more] = credentials.filter((one) => one !== undefined && one !== null && one !== '');
  if (value === undefined) throw new AuthError('missing_token');
  if (more.length > 0) throw new AuthError('multiple_tokens');
  if (typeof value !== 'string') throw malformed();
  const token = credentialsIn(value);
  if (!isB64Token(token)) throw malformed();
  return token;
}

/**
 * The `Authorization` lines of a request that Node received, in the order of their arrival. What other code wrote into
 * `headers` since is left out.
 */
export function authorizationIn(request: HttpRequest | undefined): readonly string[] {
  const rawHeaders = request?.rawHeaders ?? request?.raw?.rawHeaders ?? [];
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization');
}

/** What stands behind the scheme `Bearer` (RFC 9110 §11.4), unread. */
function credentialsIn(header: string): string {
  // As nearly every client writes it: nothing to search for.
  if (header.startsWith('Bearer ') && header[7] !== ' ') return header.slice(7);
  const [, scheme, credentials] = CREDENTIALS.exec(header) ?? [];
  if (scheme === undefined) throw malformed();
  if (scheme.toLowerCase() !== 'bearer') throw new AuthError('missing_token');
  if (credentials === undefined) throw malformed();
  return credentials;
}

const malformed = (): AuthError => new AuthError('malformed_request');

function authorizationLines(request: HttpRequest): number {
  const rawHeaders = request.rawHeaders ?? request.raw?.rawHeaders ?? [];
  let lines = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 13 && name.toLowerCase() === 'authorization') lines += 1;
  }
  return lines;
}

/** True for a token in the query or in a form (RFC 6750 §2.2 and §2.3), where it is never read. */
export function hasTokenElsewhere({ url = '', headers, body }: HttpRequest): boolean {
  if (ACCESS_TOKEN_PARAMETER.test(url)) return true;
  const type = headers?.['content-type'];
  const isForm = type !== undefined && /^application\/x-www-form-urlencoded\b/i.test(type);
  return isForm && typeof body === 'object' && body !== null && Object.hasOwn(body, 'access_token');
}
