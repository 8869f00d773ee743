import { connectionOf, keepConnection } from '../guard/transports/connection.js';
import { handshakeToken, type SocketIoClient } from '../guard/transports/handshake.js';
import { Connection } from './connection.js';
import type { ConnectionMode, Connections, Handshake } from './connections.js';
import { SocketIoRecovery, type RecoverableSocket, type RecoveringNamespace } from './socket-io-recovery.js';

interface Socket extends SocketIoClient, RecoverableSocket {
  emit(event: string, data: unknown): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
  disconnect(close: boolean): unknown;
}

type Middleware = (socket: Socket, next: (error?: Error) => void) => void;

interface Namespace extends RecoveringNamespace<Socket> {
  use(middleware: Middleware): unknown;
  on(event: 'connection', listener: (socket: Socket) => void): unknown;
}

/** A `Server` of socket.io. */
export interface SocketIoServer {
  readonly sockets: Namespace;
  /** All namespaces, by their names. */
  readonly _nsps?: ReadonlyMap<string, Namespace>;
  readonly opts: { readonly connectionStateRecovery?: { skipMiddlewares?: boolean } };
  on(event: 'new_namespace', listener: (namespace: Namespace) => void): unknown;
}

/** The server of socket.io that an adapter returns, itself or by one of its namespaces; undefined for anything else. */
export function socketIoServerOf(created: object): SocketIoServer | undefined {
  const { server = created } = created as { server?: object };
  return 'of' in server && 'sockets' in server && 'opts' in server
    ? (server as object as SocketIoServer)
    : undefined;
}

/**
 * Authenticates clients in each namespace, also in those that are made later: one that is refused gets `connect_error`.
 * A socket whose state is recovered is authenticated as well.
 */
export function guardSocketIoServer(
  server: SocketIoServer,
  connections: Connections,
  mode: ConnectionMode,
): void {
  const recovery = server.opts.connectionStateRecovery;
  if (recovery !== undefined) recovery.skipMiddlewares = false;
  const { _nsps: namespaces = new Map([['/', server.sockets]]) } = server;
  const guard = (namespace: Namespace) =>
    guardNamespace(namespace, connections, mode, recovery !== undefined);
  for (const namespace of namespaces.values()) guard(namespace);
  server.on('new_namespace', guard);
}

function guardNamespace(
  namespace: Namespace,
  connections: Connections,
  mode: ConnectionMode,
  isRecovering: boolean,
): void {
  const outcomes = new WeakMap<Socket, Promise<Connection>>();
  const outcomeOf = (socket: Socket, known = outcomes.get(socket)): Promise<Connection> => {
    const outcome = known ?? connections.admit(handshakeOf(socket), mode);
    outcomes.set(socket, outcome);
    return outcome;
  };
  const recovery = new SocketIoRecovery(outcomeOf);
  if (isRecovering) recovery.guard(namespace);

  namespace.use((socket, next) => {
    if (connectionOf(socket) !== undefined) return next();
    void outcomeOf(socket).then(
      (connection) => {
        keepConnection(socket, connection);
        next();
      },
      (error: unknown) => {
        const { message, data } = connections.refusalOf(error);
        next(Object.assign(new Error(message), { data }));
      },
    );
  });
  namespace.on('connection', (socket) => {
    const connection = connectionOf(socket);
    if (!(connection instanceof Connection)) return;
    recovery.keep(socket, connection);
    socket.once('disconnect', () => connections.remove(connection));
    connections.add(connection, (refusal) => {
      socket.emit('exception', refusal);
      socket.disconnect(true);
    });
  });
}

const handshakeOf = (socket: Socket): Handshake => ({
  opener: socket,
  httpRequest: socket.request,
  takeToken: () => handshakeToken(socket),
});
