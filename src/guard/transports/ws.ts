import type { ExecutionContext } from '@nestjs/common';
import { loadOptional } from '../../common/optional-peer.js';
import type { AuthException } from '../auth.exception.js';
import { authorizationIn, oneBearerToken, type HttpRequest } from './bearer-token.js';
import type { Call, Transport } from './transport.js';

/** A client of a gateway: a socket of socket.io, or a WebSocket of ws. */
export interface WebSocketClient {
  /** Of socket.io. */
  readonly handshake?: { readonly auth?: { readonly token?: unknown } };
  /** Of socket.io: the request that opened the connection. */
  readonly request?: HttpRequest;
  /** Of ws. */
  readonly readyState?: number;
  send?(data: string): unknown;
}

type WebSockets = typeof import('@nestjs/websockets');

/** Handlers of gateways, for socket.io and ws. */
export const ws: Transport = {
  name: 'ws',

  read(context: ExecutionContext): Call {
    const client = context.switchToWs().getClient<WebSocketClient>();
    return {
      carrier: client as HttpRequest,
      key: context,
      httpRequest: client.request,
      takeToken: () => handshakeToken(client),
    };
  },

  refusalOf(exception: AuthException, context: ExecutionContext): unknown {
    const { WsException, BaseWsExceptionFilter } = loadOptional<WebSockets>('@nestjs/websockets') ?? {};
    if (WsException === undefined || BaseWsExceptionFilter === undefined) return exception;
    const { code, detail } = exception.problem;
    const data = { status: 'error', code, message: detail };
    const client = context.switchToWs().getClient<WebSocketClient>();
    // Nest 11 only has `emit`, which a WebSocket of ws does not send.
    if (!('isNativeWebSocket' in BaseWsExceptionFilter.prototype) && typeof client.readyState === 'number')
      client.send?.(JSON.stringify({ event: 'exception', data }));
    return new WsException(data);
  },
};

/** The token of a handshake of socket.io: `auth.token`, bare or with `Bearer`, or the header of its request. */
function handshakeToken({ handshake, request }: WebSocketClient): string {
  const token = handshake?.auth?.token;
  const isBare = typeof token === 'string' && token !== '' && !token.includes(' ');
  return oneBearerToken([isBare ? `Bearer ${token}` : token, ...authorizationIn(request)]);
}
