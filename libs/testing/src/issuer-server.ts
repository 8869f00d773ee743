import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';

/** Certificate and private key of a TLS server, in PEM. */
export interface TestTls {
  readonly key: string | Uint8Array;
  readonly cert: string | Uint8Array;
}

const HOST = '127.0.0.1';

/** An HTTP server on loopback that tracks its connections, to reset one or to close all at once. */
export class IssuerServer {
  private readonly connections = new Set<Socket>();
  private readonly closing = new AbortController();
  private readonly server: Server;
  private readonly scheme: 'http' | 'https';
  private closed: Promise<void> | undefined;

  constructor(tls: TestTls | undefined) {
    this.scheme = tls === undefined ? 'http' : 'https';
    this.server =
      tls === undefined ? createHttpServer() : createHttpsServer({ key: pem(tls.key), cert: pem(tls.cert) });
    // The TCP connection, also below TLS.
    this.server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  /** Aborted when the server closes. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  /** Scheme, host and port. */
  get origin(): string {
    return `${this.scheme}://${HOST}:${(this.server.address() as AddressInfo).port}`;
  }

  /** Listens on a port; 0 means any free one. Rejects when the port is in use. */
  async listen(port: number): Promise<void> {
    this.server.listen(port, HOST);
    await once(this.server, 'listening');
  }

  /** Sets the listener for requests. */
  serve(listener: RequestListener): void {
    this.server.on('request', listener);
  }

  /**
   * Presents another certificate to new connections.
   *
   * @throws TypeError when the server does not speak TLS
   */
  useCertificate({ key, cert }: TestTls): void {
    if (!(this.server instanceof HttpsServer)) throw new TypeError('tls: this issuer was started without it');
    this.server.setSecureContext({ key: pem(key), cert: pem(cert) });
  }

  /** Resets (RST) the connection of this request. */
  reset(request: IncomingMessage): void {
    const { remotePort } = request.socket;
    for (const socket of this.connections) {
      if (socket.remotePort === remotePort) socket.resetAndDestroy();
    }
  }

  /** Stops listening and ends every connection. May be called more than once. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    this.closing.abort();
    const ended = once(this.server, 'close');
    this.server.close();
    for (const socket of this.connections) socket.destroy();
    await ended;
  }
}

const pem = (text: string | Uint8Array): string | Buffer =>
  typeof text === 'string' ? text : Buffer.from(text);
