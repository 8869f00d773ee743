import { createServer as createHttpServer, Agent as HttpAgent } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createHttpsServer, Agent as HttpsAgent } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createTestCertificate } from 'nestjs-jwks-auth/testing';

/** A request for a document. */
export interface SiteRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Serves documents under the URLs of a provider, over https and http, on loopback; every other URL is a 404. */
export class ProviderSite implements AsyncDisposable {
  readonly requests: SiteRequest[] = [];
  private readonly tls = createTestCertificate();
  private readonly https: Server = createHttpsServer(this.tls, this.listener('https'));
  private readonly http: Server = createHttpServer(this.listener('http'));

  private constructor(private readonly documents: Readonly<Record<string, unknown>>) {}

  static async start(documents: Readonly<Record<string, unknown>>): Promise<ProviderSite> {
    const site = new ProviderSite(documents);
    await Promise.all([site.https, site.http].map(listening));
    return site;
  }

  /** Connects to this site, whatever host a URL names. */
  agentFor(protocol: 'https:' | 'http:'): HttpAgent {
    const agent = protocol === 'https:' ? new HttpsAgent() : new HttpAgent();
    return Object.assign(agent, {
      createConnection: (): Socket =>
        protocol === 'https:'
          ? connectTls({
              port: portOf(this.https),
              host: '127.0.0.1',
              servername: 'localhost',
              ca: this.tls.cert,
            })
          : connect({ port: portOf(this.http), host: '127.0.0.1' }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.https, this.http]) server.closeAllConnections();
    await Promise.all([this.https, this.http].map((server) => new Promise((done) => server.close(done))));
  }

  private listener(scheme: string): RequestListener {
    return ({ headers, url }: IncomingMessage, response) => {
      const requested = `${scheme}://${headers.host}${url}`;
      this.requests.push({ url: requested, headers });
      const document = this.documents[requested];
      response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(document ?? {}));
    };
  }
}

const listening = (server: Server): Promise<void> =>
  new Promise((ready) => server.listen(0, '127.0.0.1', () => ready()));

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
