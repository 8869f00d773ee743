import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on loopback that answers as it is told, and counts. */
export class HttpServer implements AsyncDisposable {
  readonly requests: IncomingMessage[] = [];
  private readonly server = createServer((request, response) => {
    this.requests.push(request);
    this.answer(request, response);
  });

  private constructor(public answer: RequestListener) {}

  static async start(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<HttpServer> {
    const started = new HttpServer(answer);
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
