import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { AuthOptions } from 'nestjs-jwks-auth';
import { captureSpans, startTestIssuer, type CapturedSpans, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { SampleController, startGuardedApp, type GuardedApp } from '../support/guarded-app.js';
import { rawRequest } from '../support/raw-request.js';

/** The outcome of one token on the guarded route. */
export interface RouteResponse {
  readonly status: number;
  /** The problem's `code`; undefined when the handler responded. */
  readonly code: string | undefined;
  /** How often the handler was called. */
  readonly calls: number;
  /** Everything that this request left behind: response, log lines, spans. */
  readonly traces: string;
  /** Hosts that received a request, the issuer left out. */
  readonly strangers: readonly string[];
}

export interface GuardedRouteOptions {
  /** The key set that the issuer publishes. @default its own key */
  readonly jwks?: readonly unknown[] | undefined;
  readonly auth?: Partial<AuthOptions> | ((issuer: TestIssuer) => AuthOptions) | undefined;
  /** More members of its discovery document. */
  readonly metadata?: object | undefined;
  /** The path of the issuer. */
  readonly path?: string | undefined;
}

/** One guarded route behind a real server, and everything observable about it. */
export class GuardedRoute implements AsyncDisposable {
  private readonly contacted: string[] = [];
  private readonly onRequest = (message: unknown): void => {
    // Undefined for the test's own request, whose header lines are written by hand.
    const host = (message as { request: ClientRequest }).request.getHeader('host');
    if (host !== undefined) this.contacted.push(String(host));
  };

  private constructor(
    readonly issuer: TestIssuer,
    private readonly api: GuardedApp,
    private readonly log: string[],
    private readonly spans: CapturedSpans,
  ) {
    diagnostics.subscribe('http.client.request.start', this.onRequest);
  }

  static async start({ jwks, metadata, auth, path = '' }: GuardedRouteOptions = {}): Promise<GuardedRoute> {
    const spans = await captureSpans();
    const issuer = await startTestIssuer({ algorithm: 'ES256', path });
    if (jwks !== undefined) issuer.publish({ keys: jwks });
    const { issuer: name, jwksUri } = issuer;
    const document = { issuer: name, jwks_uri: jwksUri, ...metadata };
    if (metadata !== undefined) issuer.fault({ body: JSON.stringify(document) }, { on: 'discovery' });
    const log: string[] = [];
    const keep = (...parts: unknown[]): void => void log.push(parts.map(String).join(' '));
    const logger = { log: keep, error: keep, warn: keep, debug: keep, verbose: keep, fatal: keep };
    const { audience } = issuer;
    const keys = { bootstrap: 'require' } as const;
    const options =
      typeof auth === 'function' ? auth(issuer) : { issuer: issuer.issuer, audience, keys, ...auth };
    return new GuardedRoute(issuer, await startGuardedApp(options as AuthOptions, { logger }), log, spans);
  }

  /** Presents a token to a path of the SampleController, with more header lines if need be. */
  async send(token: string, path = '/me', headers: readonly string[] = []): Promise<RouteResponse> {
    const before = SampleController.calls;
    this.log.length = 0;
    this.contacted.length = 0;
    this.spans.clear();
    const response = await rawRequest(this.api.url + path, ['authorization', `Bearer ${token}`, ...headers]);
    const { host } = new URL(this.issuer.issuer);
    const body = (response.headers['content-type'] ?? '').includes('json') ? JSON.parse(response.body) : {};
    return {
      status: response.status,
      code: (body as { code?: string }).code,
      calls: SampleController.calls - before,
      traces: JSON.stringify([response.headers, response.body, this.log, this.spans.tree()]),
      strangers: this.contacted.filter((contacted) => contacted !== host),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    diagnostics.unsubscribe('http.client.request.start', this.onRequest);
    this.spans.stop();
    await this.api.app.close();
    await this.issuer.close();
  }
}
