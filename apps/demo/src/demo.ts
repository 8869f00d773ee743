import { randomBytes } from 'node:crypto';
import { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import { OtlpReceiver } from './otlp-receiver.js';
import { PageServer } from './page-server.js';
import { assertFree, freePort, type Ports } from './ports.js';
import { TraceBuffer } from './trace-buffer.js';

const AUDIENCE = 'https://orders.example';

/** How far away the issuer's keys are, in milliseconds. */
export const ISSUER_LATENCY_MS = 250;

/** How often the applications send their metrics: a dashboard need not be waited for. */
const METRIC_INTERVAL_MS = '5000';

/** The orders API, and the same API built the naive way. */
export interface AppPair {
  readonly orders: ChildApp;
  readonly naive: ChildApp;
}

/** Everything that the demo runs: an OpenID provider, the two APIs, what receives their spans, and the page. */
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
      receiver.stop();
      page.stop();
      throw error;
    }
  }

  /** What was received so far. */
  get traces(): TraceBuffer {
    return this.receiver.traces;
  }

  /** Starts both applications once more, with keys that last `maxAgeMs` only; their services are called `name-suffix`. */
  async startPair(suffix: string, maxAgeMs: number): Promise<AppPair> {
    const ports = { orders: await freePort(), naive: await freePort() };
    return startPair(this.issuer, this.receiver, ports, suffix, {
      KEYS_MAX_AGE_MS: String(maxAgeMs),
      JWKS_CACHE_MAX_AGE_MS: String(maxAgeMs),
    });
  }

  /** Gets an access token as any client does: by client credentials (RFC 6749 §4.4), for a resource (RFC 8707). */
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
    if (token === undefined) throw new DemoError(`The issuer gave no token: ${answer.status} ${reason}`);
    return token;
  }

  /** Makes the issuer sign with a new key, without notice. */
  async rotate(): Promise<void> {
    await fetch(`${this.issuer.url}/demo/rotation`, { method: 'POST' });
  }

  /** Makes the issuer answer 503 to every question about keys, as late as ever; ends with `resume`. */
  async breakIssuer(): Promise<void> {
    await setSwitches(this.issuer, { latencyMs: ISSUER_LATENCY_MS, status: 503 });
  }

  /** Ends what `breakIssuer` began. */
  async mendIssuer(): Promise<void> {
    await setSwitches(this.issuer, { latencyMs: ISSUER_LATENCY_MS });
  }

  async stop(): Promise<void> {
    this.page.stop();
    await Promise.all([this.issuer, this.apps.orders, this.apps.naive].map((app) => app.stop()));
    // They send what is left when they end.
    this.receiver.stop();
  }

  /** For the very end, whatever happened before. */
  static stopStragglers(): void {
    ChildApp.killAll();
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
