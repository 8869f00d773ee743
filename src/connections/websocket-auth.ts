import { Inject, Injectable } from '@nestjs/common';
import { connectionOf } from '../guard/transports/connection.js';
import type { VerifiedToken } from '../token/access-token.js';
import { Connection } from './connection.js';
import { Connections } from './connections.js';

/** The clients that `guardConnections` has connected: who they are, and how they stay. */
@Injectable()
export class WebSocketAuth {
  constructor(@Inject(Connections) private readonly connections: Connections) {}

  /**
   * Replaces the token of a connected client, which then stays connected until the new one expires.
   *
   * @param client the socket of socket.io, or the WebSocket of ws
   * @param token a JWT in compact serialization, without `Bearer`, of the same issuer and subject
   * @returns the new token, verified
   * @throws AuthError `user_rejected` for a token of another issuer or subject, or one without a subject, and for an
   * anonymous client; otherwise as `AccessTokenVerifier.verify`. The former token stays then
   * @throws TypeError for a client that `guardConnections` did not connect
   */
  async renew(client: object, token: string): Promise<VerifiedToken> {
    return this.connections.renew(knownConnection(client), client, token);
  }

  /**
   * The application's user, since the client connected or renewed its token; undefined for an anonymous client. Also for
   * `handleConnection` and `handleDisconnect`, which no guard reaches.
   *
   * @throws TypeError for a client that `guardConnections` did not connect
   */
  userOf(client: object): unknown {
    return knownConnection(client).user;
  }

  /**
   * Verifies the tokens of connected clients anew, and disconnects those whose token is refused now, such as with
   * `revoked`. For what changes in between: each message is checked anyway.
   *
   * @param concerns selects the tokens that are checked, by default all
   */
  recheckAll(concerns: (token: VerifiedToken) => boolean = () => true): Promise<void> {
    return this.connections.recheckAll(concerns);
  }
}

/** @throws TypeError */
function knownConnection(client: object): Connection {
  const connection = connectionOf(client);
  if (connection instanceof Connection) return connection;
  throw new TypeError('WebSocketAuth: the client was not connected through guardConnections');
}
