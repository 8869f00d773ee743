import type { ExecutionContext } from '@nestjs/common';
import { AuthError } from '../../common/auth.error.js';
import { loadOptional } from '../../common/optional-peer.js';
import type { AuthException } from '../auth.exception.js';
import type { HttpRequest } from './bearer-token.js';
import { connectionOf, type KnownConnection } from './connection.js';
import { handshakeToken, type SocketIoClient } from './handshake.js';
import type { Call, Transport } from './transport.js';

/** A client of a gateway: a socket of socket.io, or a WebSocket of ws. */
interface WebSocketClient extends SocketIoClient {
  /** Of ws. */
  readonly readyState?: number;
  send?(data: string): unknown;
  on?(event: string, listener: (data: unknown) => void): unknown;
}

/** What a client receives with the event `exception`. */
export interface WsRefusal {
  readonly status: 'error';
  /** One of `AUTH_ERROR_CODES`. */
  readonly code: string;
  readonly message: string;
}

type WebSockets = typeof import('@nestjs/websockets');

/** Handlers of gateways, for socket.io and ws. */
export const ws: Transport = {
  name: 'ws',

  read(context: ExecutionContext): Call {
    const client = context.switchToWs().getClient<WebSocketClient>();
    const call = { carrier: client as HttpRequest, key: context.getArgs<unknown[]>() };
    const connection = connectionOf(client);
    return connection === undefined
      ? { ...call, httpRequest: client.request, takeToken: () => handshakeToken(client) }
      : {
          ...call,
          httpRequest: connection.httpRequest,
          takeToken: () => tokenOf(connection),
          isTokenTaken: true,
        };
  },

  refusalOf(exception: AuthException, context: ExecutionContext): unknown {
    const { WsException, BaseWsExceptionFilter } = loadOptional<WebSockets>('@nestjs/websockets') ?? {};
    if (WsException === undefined || BaseWsExceptionFilter === undefined) return exception;
    const data = wsRefusal(exception);
    const client = context.switchToWs().getClient<WebSocketClient>();
    // Nest 11 only has `emit`, which a WebSocket of ws does not send.
    if (!('isNativeWebSocket' in BaseWsExceptionFilter.prototype) && typeof client.readyState === 'number')
      relay(data, client);
    return new WsException(data);
  },
};

/** A refusal as clients of gateways receive it. */
export const wsRefusal = ({ problem: { code, detail } }: AuthException): WsRefusal => ({
  status: 'error',
  code,
  message: detail,
});

function tokenOf({ token }: KnownConnection): string {
  if (token === undefined) throw new AuthError('missing_token');
  return token;
}

const relayed = new WeakSet<object>();
const relayedClients = new WeakSet<WebSocketClient>();

/** Sends a refusal once an exception filter emits it; a filter of the application may say something else instead. */
function relay(data: WsRefusal, client: WebSocketClient): void {
  relayed.add(data);
  if (relayedClients.has(client)) return;
  relayedClients.add(client);
  client.on?.('exception', (emitted) => {
    if (relayed.delete(emitted as object))
      client.send?.(JSON.stringify({ event: 'exception', data: emitted }));
  });
}
