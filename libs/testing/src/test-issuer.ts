import { createHash } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { badTokens } from './bad-tokens.js';
import { inject, type Fault, type FaultOptions } from './fault.js';
import { assemble, goodClaims, goodHeader, type ForgedToken, type TokenOptions } from './minting.js';
import { RequestLog } from './request-log.js';
import { createTestKey, type TestAlgorithm, type TestKey } from './test-key.js';

export interface TestIssuerOptions {
  /** Of the first key. Default: `RS256`. */
  readonly algorithm?: TestAlgorithm;
  /** Default: `https://api.test`. */
  readonly audience?: string;
  /** The path of the issuer, such as `/tenant/`. Default: none. */
  readonly path?: string;
  /** Which discovery documents there are: OpenID Connect's, RFC 8414's, or none. Default: `oidc`. */
  readonly discovery?: 'oidc' | 'oauth' | 'none';
  /** `Cache-Control` of the key set. */
  readonly cacheControl?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Serves https with this key and certificate (PEM). */
  readonly tls?: { readonly key: string; readonly cert: string };
}

type Endpoint = 'jwks' | 'discovery';

/** An OpenID provider for tests: a real HTTP server on loopback, which issues tokens, rotates its keys and fails on demand. */
export class TestIssuer implements AsyncDisposable {
  /** The exact name, as in `iss` and in the discovery document. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** What it was asked for. */
  readonly requests: RequestLog;
  private published: TestKey[];
  private current: TestKey;
  private body: unknown;
  private readonly faults: Partial<Record<Endpoint, { fault: Fault; left: number }>> = {};

  /** Made by {@link startTestIssuer}. */
  constructor(
    private readonly server: http.Server,
    private readonly options: TestIssuerOptions,
    key: TestKey,
    private readonly foreignKey: TestKey,
  ) {
    const { port } = server.address() as AddressInfo;
    const origin = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
    this.issuer = `${origin}${options.path ?? ''}`;
    this.audience = options.audience ?? 'https://api.test';
    this.jwksUri = `${this.issuer.replace(/\/$/, '')}/jwks`;
    this.requests = new RequestLog(new URL(this.jwksUri).pathname);
    this.published = [key];
    this.current = key;
    server.on('request', (request, response) => this.serve(request, response));
  }

  /** The published keys, oldest first. */
  get keys(): readonly TestKey[] {
    return this.published;
  }

  /** A good access token; claims and header members that are given as undefined are left out. */
  token(
    claims: Readonly<Record<string, unknown>> = {},
    { header, key, expiresInMs }: TokenOptions = {},
  ): string {
    const signer = key ?? this.current;
    return assemble({
      header: { ...goodHeader(signer), ...header },
      payload: { ...goodClaims(this, expiresInMs), ...claims },
      key: signer,
    });
  }

  /** A token of any kind; what is not said is that of a good one. */
  forge(token: ForgedToken): string {
    return assemble({
      header: goodHeader(this.current),
      payload: goodClaims(this),
      key: this.current,
      ...token,
    });
  }

  /** One token of each bad kind, by name. */
  badTokens(): Record<string, string> {
    return badTokens(this, this.current, this.foreignKey);
  }

  /** A key that is not published. */
  createKey(algorithm: TestAlgorithm = this.current.algorithm, kid?: string): Promise<TestKey> {
    return createTestKey(algorithm, kid);
  }

  /** Publishes a key, without signing with it. */
  addKey(key: TestKey): void {
    this.published = [...this.published, key];
  }

  /** Signs with a new key from now on, and publishes it; the old ones stay unless told otherwise. */
  async rotate(
    options: { keepOld?: boolean; algorithm?: TestAlgorithm; kid?: string } = {},
  ): Promise<TestKey> {
    const { keepOld = true, algorithm = this.current.algorithm, kid } = options;
    this.current = await createTestKey(algorithm, kid);
    this.published = [...(keepOld ? this.published : []), this.current];
    return this.current;
  }

  /** Takes a key out of the key set. */
  withdraw(kid: string): void {
    this.published = this.published.filter((key) => key.kid !== kid);
  }

  /** Publishes this instead of the keys; undefined goes back to them. */
  publish(jwks: unknown): void {
    this.body = jwks;
  }

  /** Makes answers fail from now on; undefined ends that. */
  fault(fault: Fault | undefined, { on = 'jwks', times = Infinity }: FaultOptions = {}): void {
    for (const endpoint of ['jwks', 'discovery'] as const) {
      if (on !== 'all' && on !== endpoint) continue;
      if (fault === undefined) delete this.faults[endpoint];
      else this.faults[endpoint] = { fault, left: times };
    }
  }

  /** Cuts all connections and stops. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests.add(request);
    const path = (request.url ?? '/').replace(/\?.*$/, '');
    const endpoint = path === new URL(this.jwksUri).pathname ? 'jwks' : 'discovery';
    const body = endpoint === 'jwks' ? this.jwks() : this.discoveryAt(path);
    if (body === undefined) return void response.writeHead(404).end();
    const fault = this.nextFault(endpoint);
    const latencyMs = typeof fault === 'object' && 'latencyMs' in fault ? fault.latencyMs : 0;
    if (fault !== undefined && inject(fault, response, body)) return;
    if (latencyMs === 0) return this.answer(request, response, body, endpoint);
    const timer = setTimeout(() => this.answer(request, response, body, endpoint), latencyMs).unref();
    response.once('close', () => clearTimeout(timer));
  }

  private answer(request: IncomingMessage, response: ServerResponse, body: string, endpoint: Endpoint): void {
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    const { cacheControl } = this.options;
    if (endpoint === 'jwks' && cacheControl !== undefined) response.setHeader('cache-control', cacheControl);
    response.setHeader('etag', etag);
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  }

  private jwks(): string {
    return JSON.stringify(this.body ?? { keys: this.published.map(({ publicJwk }) => publicJwk) });
  }

  private discoveryAt(path: string): string | undefined {
    const { pathname } = new URL(this.issuer);
    const base = pathname.replace(/\/$/, '');
    const where = {
      oidc: `${base}/.well-known/openid-configuration`,
      oauth: `/.well-known/oauth-authorization-server${base}`,
      none: undefined,
    }[this.options.discovery ?? 'oidc'];
    return path === where ? JSON.stringify({ issuer: this.issuer, jwks_uri: this.jwksUri }) : undefined;
  }

  private nextFault(endpoint: Endpoint): Fault | undefined {
    const entry = this.faults[endpoint];
    if (entry === undefined || entry.left <= 0) return undefined;
    entry.left -= 1;
    return entry.fault;
  }
}

/**
 * Starts an OpenID provider on 127.0.0.1.
 *
 * @example const issuer = await startTestIssuer(); issuer.token({ scope: 'read:orders' })
 */
export async function startTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const algorithm = options.algorithm ?? 'RS256';
  const [key, foreignKey] = await Promise.all([createTestKey(algorithm), createTestKey(algorithm)]);
  const server = options.tls === undefined ? http.createServer() : https.createServer(options.tls);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return new TestIssuer(server, options, key, foreignKey);
}
