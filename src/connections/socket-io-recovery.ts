import type { Connection } from './connection.js';

/** What is read of a socket whose state may be recovered. */
export interface RecoverableSocket {
  readonly recovered?: boolean;
  readonly data?: object;
}

/** What a client of socket.io sends when it connects. */
type Auth = Readonly<Record<string, unknown>>;

interface Session {
  readonly data?: object;
}

/** The part of an adapter of socket.io that keeps the state of sockets which were disconnected. */
interface StateAdapter {
  restoreSession?(pid: string, offset: string): Promise<Session | null>;
}

/** A namespace of socket.io, where it makes its sockets. */
export interface RecoveringNamespace<Socket> {
  readonly adapter?: StateAdapter;
  _createSocket?(client: unknown, auth: Auth): Promise<Socket>;
}

/**
 * Recovers the state of a socket for a client that is authenticated, and for the subject that it belongs to: socket.io
 * sends the packets that were missed before any middleware runs.
 */
export class SocketIoRecovery<Socket extends RecoverableSocket> {
  /** Whose state it is, by the data of the socket, which socket.io keeps with it. */
  private readonly owners = new WeakMap<object, string>();
  private readonly guarded = new WeakSet<StateAdapter>();
  /** Set while a socket is made, which restores its state at once. */
  private owner = '';

  /** @param outcomeOf authenticates a socket, once */
  constructor(
    private readonly outcomeOf: (socket: Socket, known?: Promise<Connection>) => Promise<Connection>,
  ) {}

  guard(namespace: RecoveringNamespace<Socket>): void {
    const { _createSocket: unbound } = namespace;
    const create = unbound?.bind(namespace);
    if (create === undefined) return;
    const createSocket = async (client: unknown, auth: Auth): Promise<Socket> => {
      const { pid, offset: _, ...credentials } = auth;
      const fresh = await create(client, credentials);
      if (pid === undefined) return fresh;
      const outcome = this.outcomeOf(fresh);
      const connection = await outcome.catch(() => undefined);
      if (connection === undefined) return fresh;
      this.guardAdapter(namespace.adapter);
      this.owner = ownerOf(connection);
      const recovered = await create(client, auth);
      if (recovered.recovered !== true) return fresh;
      void this.outcomeOf(recovered, outcome);
      return recovered;
    };
    Object.assign(namespace, { _createSocket: createSocket });
  }

  /** Keeps to whom the state of a connected socket belongs. */
  keep({ data }: Socket, connection: Connection): void {
    if (data !== undefined) this.owners.set(data, ownerOf(connection));
  }

  /** State that another process kept has no known owner here; its client is authenticated all the same. */
  private guardAdapter(adapter: StateAdapter | undefined): void {
    const restore = adapter?.restoreSession?.bind(adapter);
    if (adapter === undefined || restore === undefined || this.guarded.has(adapter)) return;
    this.guarded.add(adapter);
    adapter.restoreSession = async (pid, offset) => {
      const { owner } = this;
      const session = await restore(pid, offset);
      const before = session?.data && this.owners.get(session.data);
      return before === undefined || before === owner ? session : null;
    };
  }
}

/** A token without a subject stands for itself alone: another one may be that of another client. */
function ownerOf({ verified, token }: Connection): string {
  if (verified === undefined) return '';
  const { iss, sub } = verified.claims;
  return JSON.stringify(sub === undefined ? [token] : [iss, sub]);
}
