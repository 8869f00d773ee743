import { perRequest } from '../per-request.js';

/** What a connected client is authenticated with. */
export interface KnownConnection {
  /** The token of the connection as it is now; undefined for an anonymous client. */
  readonly token: string | undefined;
  /** The request that opened the connection. */
  readonly httpRequest: unknown;
}

const connections = perRequest<KnownConnection>();

/** The connection of a client; undefined for one that no `guardConnections` admitted. */
export const connectionOf = (client: object): KnownConnection | undefined => connections.get(client);

/** Keeps the connection on its client, as long as the client lives. */
export const keepConnection = (client: object, connection: KnownConnection): void =>
  connections.set(client, connection);
