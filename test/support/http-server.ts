import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on loopback that responds as it is set to, and keeps the requests. */
export class HttpServer implements AsyncDisposable {
  readonly requests: IncomingMessage[] = [];
  private readonly server = createServer((request, response) => {
    this.requests.push(request);
    this.respond(request, response);
  });

  private constructor(public respond: RequestListener) {}

  static async start(
    respond: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<HttpServer> {
    const started = new HttpServer(respond);
    started.server.listen(0, '127.0.0.1');
    await once(started.server, 'listening');
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
