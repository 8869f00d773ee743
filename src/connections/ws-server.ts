import { Logger } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { HttpRequest } from '../guard/transports/bearer-token.js';
import { keepConnection } from '../guard/transports/connection.js';
import { upgradeToken, withoutToken } from '../guard/transports/handshake.js';
import type { Connection } from './connection.js';
import type { ConnectionMode, Connections } from './connections.js';

/** A WebSocket of ws. */
interface WsClient {
  close(code: number, reason: string): void;
  once(event: 'close', listener: () => void): unknown;
}

interface UpgradeInfo {
  readonly req: IncomingMessage;
}

/** Answers an upgrade: whether it is verified, and if not the response. */
type Answer = (
  verified: boolean,
  status?: number,
  body?: string,
  headers?: Readonly<Record<string, string>>,
) => void;
type VerifyClient = ((info: UpgradeInfo) => boolean) | ((info: UpgradeInfo, answer: Answer) => void);

/** A `WebSocketServer` of ws, whose options it reads at each upgrade. */
export interface WsServer {
  readonly options: {
    verifyClient?: VerifyClient | null;
    handleProtocols?: ((protocols: Set<string>, request: IncomingMessage) => string | false) | null;
  };
  handleUpgrade(...args: unknown[]): void;
  on(event: 'connection', listener: (client: WsClient, request: IncomingMessage) => void): unknown;
}

/** In the range that RFC 6455 §7.4.2 leaves to applications; as graphql-ws has it. */
const UNAUTHORIZED = 4401;

export const isWsServer = (server: object): server is WsServer =>
  'handleUpgrade' in server && typeof (server as { options?: unknown }).options === 'object';

/** Authenticates clients at the upgrade: one that is refused gets the response that it would get over HTTP. */
export function guardWsServer(server: WsServer, connections: Connections, mode: ConnectionMode): void {
  const admitted = new WeakMap<IncomingMessage, Connection>();
  const { options } = server;
  const { verifyClient, handleProtocols } = options;

  const admit = ({ req }: UpgradeInfo, answer: Answer): void => {
    const handshake = {
      opener: req,
      httpRequest: req,
      takeToken: () => upgradeToken(req as HttpRequest),
    };
    void connections.admit(handshake, mode).then(
      (connection) => {
        admitted.set(req, connection);
        complete(() => answer(true), req);
      },
      (error: unknown) => {
        const { status, headers, body } = connections.refusalOf(error);
        complete(() => answer(false, status, JSON.stringify(body), { ...JSON_BODY, ...headers }), req);
      },
    );
  };
  // ws passes the callback to a function of two parameters alone.
  options.verifyClient = (info: UpgradeInfo, answer: Answer) => {
    if (typeof verifyClient !== 'function') return admit(info, answer);
    if (verifyClient.length === 2)
      return verifyClient(info, (verified, ...refusal) =>
        verified ? admit(info, answer) : answer(false, ...refusal),
      );
    return (verifyClient as (info: UpgradeInfo) => boolean)(info) ? admit(info, answer) : answer(false, 401);
  };

  options.handleProtocols = (protocols, request) => {
    const offered = withoutToken(protocols);
    const [first = false] = offered;
    return handleProtocols ? handleProtocols(offered, request) : first;
  };

  server.on('connection', (client, request) => {
    const connection = admitted.get(request);
    if (connection === undefined) return;
    keepConnection(client, connection);
    client.once('close', () => connections.remove(connection));
    connections.add(connection, ({ code }) => client.close(UNAUTHORIZED, code));
  });
}

const JSON_BODY = { 'Content-Type': 'application/json; charset=utf-8' };

/** The client may be gone by now; what throws here would end the process. */
function complete(answer: () => void, { socket }: IncomingMessage): void {
  try {
    answer();
  } catch (error) {
    new Logger('WebSocketAuth').error(error);
    socket.destroy();
  }
}
