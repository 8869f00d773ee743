import { randomBytes } from 'node:crypto';
import { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import { OtlpReceiver } from './otlp-receiver.js';
import { PageServer } from './page-server.js';
import { assertFree, freePort, type Ports } from './ports.js';
import { TraceBuffer } from './trace-buffer.js';

const AUDIENCE = 'https://orders.example';

/** How long the issuer takes to answer a request for its keys or its discovery document, in milliseconds. */
export const ISSUER_LATENCY_MS = 250;

/** How often the applications export their metrics: often enough to follow on a dashboard. */
const METRIC_INTERVAL_MS = '5000';

/** The orders API, and the same API with passport-jwt and jwks-rsa. */
export interface AppPair {
  readonly orders: ChildApp;
  readonly naive: ChildApp;
}

/** All parts of the demo: an OpenID provider, the two APIs, the receiver of their spans, and the page. */
export class Demo {
  private constructor(
    readonly issuer: ChildApp,
    readonly apps: AppPair,
    private readonly receiver: OtlpReceiver,
    readonly page: PageServer,
    private readonly clientSecret: string,
  ) {}

  /** @throws DemoError when a port is taken or an application does not start */
  static async start(ports: Ports): Promise<Demo> {
    await assertFree(ports);
    const clientSecret = randomBytes(16).toString('hex');
    const traces = new TraceBuffer();
    const receiver = await OtlpReceiver.start(
      process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined,
      traces,
    );
    const page = await PageServer.start(ports.page, traces);
    try {
      const issuer = await ChildApp.start('issuer', ports.issuer, '/.well-known/openid-configuration', {
        CLIENT_SECRET: clientSecret,
        OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
      });
      await setSwitches(issuer, { latencyMs: ISSUER_LATENCY_MS });
      const apps = await startPair(issuer, receiver, ports);
      return new Demo(issuer, apps, receiver, page, clientSecret);
    } catch (error) {
      ChildApp.killAll();
      receiver.stop();
      page.stop();
      throw error;
    }
  }

  /** The traces received so far. */
  get traces(): TraceBuffer {
    return this.receiver.traces;
  }

  /** Starts both applications again, with keys that expire after `maxAgeMs`; `suffix` is added to their service names. */
  async startPair(suffix: string, maxAgeMs: number): Promise<AppPair> {
    const ports = { orders: await freePort(), naive: await freePort() };
    return startPair(this.issuer, this.receiver, ports, suffix, {
      KEYS_MAX_AGE_MS: String(maxAgeMs),
      JWKS_CACHE_MAX_AGE_MS: String(maxAgeMs),
    });
  }

  /** Gets an access token as a client does: by client credentials (RFC 6749 §4.4), for a resource (RFC 8707). */
  async token(scope: string): Promise<string> {
    const answer = await fetch(`${this.issuer.url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`demo:${this.clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: AUDIENCE, scope }),
    });
    const { access_token: token, error_description: reason } = (await answer.json()) as Record<
      string,
      string
    >;
    if (token === undefined) throw new DemoError(`The issuer issued no token: ${answer.status} ${reason}`);
    return token;
  }

  /** Makes the issuer sign with a new key at once, without publishing it first. */
  async rotate(): Promise<void> {
    await fetch(`${this.issuer.url}/demo/rotation`, { method: 'POST' });
  }

  /** Makes the issuer answer 503 to each request for keys or discovery, with the same latency, until `mendIssuer`. */
  async breakIssuer(): Promise<void> {
    await setSwitches(this.issuer, { latencyMs: ISSUER_LATENCY_MS, status: 503 });
  }

  /** Ends the outage of `breakIssuer`. */
  async mendIssuer(): Promise<void> {
    await setSwitches(this.issuer, { latencyMs: ISSUER_LATENCY_MS });
  }

  async stop(): Promise<void> {
    this.page.stop();
    await Promise.all([this.issuer, this.apps.orders, this.apps.naive].map((app) => app.stop()));
    // The pair of an unfinished story.
    ChildApp.killAll();
    // Last, because the applications send their remaining spans when they stop.
    this.receiver.stop();
  }
}

async function startPair(
  issuer: ChildApp,
  receiver: OtlpReceiver,
  ports: Pick<Ports, 'orders' | 'naive'>,
  suffix = '',
  environment: NodeJS.ProcessEnv = {},
): Promise<AppPair> {
  const start = (name: 'orders' | 'naive') =>
    ChildApp.start(name, ports[name], '/health', {
      ISSUER: issuer.url,
      AUDIENCE,
      ...environment,
      OTEL_SERVICE_NAME: name + suffix,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_METRIC_EXPORT_INTERVAL: METRIC_INTERVAL_MS,
      OTEL_METRIC_EXPORT_TIMEOUT: METRIC_INTERVAL_MS,
    });
  const [orders, naive] = await Promise.all([start('orders'), start('naive')]);
  return { orders, naive };
}

async function setSwitches(
  issuer: ChildApp,
  switches: { readonly latencyMs: number; readonly status?: number },
): Promise<void> {
  const query = Object.entries(switches).map(([name, value]) => `${name}=${value}`);
  await fetch(`${issuer.url}/demo/switches?${query.join('&')}`, { method: 'POST' });
}
