import { randomBytes } from 'node:crypto';
import { ChildApp } from './child-app.js';
import { DemoError } from './demo.error.js';
import { OtlpReceiver } from './otlp.receiver.js';
import { assertFree, type Ports } from './ports.js';

/** Everything that the demo runs: an OpenID provider, the orders API, the same API built the naive way. */
export class Demo {
  /** What the tokens are for. */
  readonly audience = 'https://orders.example';

  private constructor(
    readonly issuer: ChildApp,
    readonly orders: ChildApp,
    readonly naive: ChildApp,
    readonly receiver: OtlpReceiver,
    private readonly clientSecret: string,
  ) {}

  /** @throws DemoError when a port is taken or an application does not start */
  static async start(ports: Ports): Promise<Demo> {
    await assertFree(ports);
    const clientSecret = randomBytes(16).toString('hex');
    const receiver = await OtlpReceiver.start(process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined);
    try {
      const issuer = await ChildApp.start('issuer', ports.issuer, '/.well-known/openid-configuration', {
        CLIENT_SECRET: clientSecret,
        OTEL_EXPORTER_OTLP_ENDPOINT: undefined,
      });
      const start = (name: 'orders' | 'naive', audience: string) =>
        ChildApp.start(name, ports[name], '/health', {
          ISSUER: issuer.url,
          AUDIENCE: audience,
          OTEL_SERVICE_NAME: name,
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_BSP_SCHEDULE_DELAY: '200',
        });
      const audience = 'https://orders.example';
      const [orders, naive] = await Promise.all([start('orders', audience), start('naive', audience)]);
      return new Demo(issuer, orders, naive, receiver, clientSecret);
    } catch (error) {
      receiver.stop();
      throw error;
    }
  }

  /** Gets an access token as any client does: by client credentials (RFC 6749 §4.4), for a resource (RFC 8707). */
  async token(scope: string): Promise<string> {
    const answer = await fetch(`${this.issuer.url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`demo:${this.clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: this.audience, scope }),
    });
    const { access_token: token, error_description: reason } = (await answer.json()) as Record<
      string,
      string
    >;
    if (token === undefined) throw new DemoError(`The issuer gave no token: ${answer.status} ${reason}`);
    return token;
  }

  /** Moves the issuer so many milliseconds away. */
  async slowDown(latencyMs: number): Promise<void> {
    await fetch(`${this.issuer.url}/demo/switches?latencyMs=${latencyMs}`, { method: 'POST' });
  }

  async stop(): Promise<void> {
    this.receiver.stop();
    await Promise.all([this.issuer, this.orders, this.naive].map((app) => app.stop()));
  }

  /** For the very end, whatever happened before. */
  static stopStragglers(): void {
    ChildApp.killAll();
  }
}
