import { AuthError } from '../../common/auth.error.js';
import { authorizationIn, hasTokenElsewhere, oneBearerToken, type HttpRequest } from './bearer-token.js';

/** What is read of a socket of socket.io. */
export interface SocketIoClient {
  readonly handshake?: { readonly auth?: { readonly token?: unknown } };
  /** The request that opened the connection. */
  readonly request?: HttpRequest;
}

/** The subprotocol that the token follows: the first one that a client offers is sent back. */
const TOKEN_PROTOCOL = 'access_token';

/**
 * The token of a request for an upgrade: in the `Authorization` header, or in the subprotocols, behind `access_token`,
 * since a browser can set no header.
 *
 * @throws AuthError `missing_token`, `malformed_request` or `multiple_tokens`
 */
export const upgradeToken = (request: HttpRequest): string => oneToken([], request);

/**
 * The token of a handshake of socket.io: `auth.token`, bare or with `Bearer`, or that of the request beneath.
 *
 * @throws AuthError `missing_token`, `malformed_request` or `multiple_tokens`
 */
export function handshakeToken({ handshake, request }: SocketIoClient): string {
  const token = handshake?.auth?.token;
  const isBare = typeof token === 'string' && token !== '' && !token.includes(' ');
  return oneToken([isBare ? `Bearer ${token}` : token], request);
}

/** The subprotocols without the token, which is never sent back. */
export function withoutToken(protocols: Iterable<string>): Set<string> {
  const offered = [...protocols];
  const at = offered.indexOf(TOKEN_PROTOCOL);
  return new Set(at === -1 ? offered : offered.toSpliced(at + 1, 1));
}

function oneToken(credentials: readonly unknown[], request: HttpRequest = {}): string {
  const token = oneBearerToken([...credentials, ...authorizationIn(request), ...protocolTokens(request)]);
  if (hasTokenElsewhere(request)) throw new AuthError('multiple_tokens');
  return token;
}

function protocolTokens({ headers }: HttpRequest): readonly string[] {
  const offered = headers?.['sec-websocket-protocol']?.split(',').map((one) => one.trim()) ?? [];
  const at = offered.indexOf(TOKEN_PROTOCOL);
  return at === -1 ? [] : [`Bearer ${offered[at + 1] ?? ''}`];
}
