import type { INestApplicationContext, WebSocketAdapter } from '@nestjs/common';
import { badOption, checkMembers } from '../common/option-checks.js';
import { Connections, type ConnectionMode } from './connections.js';
import { guardSocketIoServer, socketIoServerOf } from './socket-io-server.js';
import { guardWsServer, isWsServer } from './ws-server.js';

/** How clients are connected. */
export interface GuardConnectionsOptions {
  /**
   * Whether a client needs a token to connect. With `'optional'` one without a token is connected as well; its messages
   * reach handlers that are `@Public` or `@OptionalAuth`. Bad credentials are refused all the same.
   *
   * @default 'require'
   */
  readonly connections?: ConnectionMode;
}

const guardedAdapters = new WeakSet<object>();

/** True for an adapter that authenticates its clients. */
export const isGuarded = (adapter: object): boolean => guardedAdapters.has(adapter);

/**
 * Authenticates the clients of gateways when they connect, and disconnects them when their token expires:
 * `app.useWebSocketAdapter(guardConnections(app, new WsAdapter(app)))`. A refused client gets no connection: ws answers
 * the upgrade as HTTP (RFC 6750 §3), socket.io with `connect_error`.
 *
 * @param app an application with `AuthModule`
 * @param adapter an adapter that makes servers of ws or socket.io
 * @returns the adapter
 * @throws TypeError for an option, an adapter that is guarded already, and at start for one that makes other servers
 */
export function guardConnections<Adapter extends WebSocketAdapter>(
  app: INestApplicationContext,
  adapter: Adapter,
  options: GuardConnectionsOptions = {},
): Adapter {
  const { connections: mode = 'require' } = checked(options);
  if (guardedAdapters.has(adapter)) throw new TypeError('guardConnections: the adapter is guarded already');
  const connections = connectionsOf(app);
  const create = adapter.create.bind(adapter) as (port: number, options?: unknown) => object;
  const guarded = new WeakSet<object>();
  const guard = (created: object): void => {
    const server = socketIoServerOf(created) ?? created;
    if (guarded.has(server)) return;
    guarded.add(server);
    if (isWsServer(server)) guardWsServer(server, connections, mode);
    else if (socketIoServerOf(server) !== undefined) guardSocketIoServer(server as never, connections, mode);
    else throw new TypeError('guardConnections: the adapter makes no server of ws or socket.io');
  };
  adapter.create = (port: number, given?: unknown) => {
    const created = create(port, given);
    guard(created);
    return created;
  };
  guardedAdapters.add(adapter);
  return adapter;
}

function checked(options: GuardConnectionsOptions): GuardConnectionsOptions {
  checkMembers('guardConnections', options, ['connections']);
  const { connections } = options;
  if (connections !== undefined && connections !== 'require' && connections !== 'optional')
    throw badOption('guardConnections.connections', 'must be one of "require", "optional"');
  return options;
}

function connectionsOf(app: INestApplicationContext): Connections {
  try {
    return app.get(Connections, { strict: false });
  } catch (error) {
    throw new TypeError('guardConnections: the application has no AuthModule', { cause: error });
  }
}
