import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OtlpReceiver, type ReceivedSpan } from '../../../apps/demo/src/otlp-receiver.js';
import { NodeProcess, responds } from '../../support/child-process.js';
import { freePort } from '../../support/free-port.js';

/** The orders application as it is built, traced as a user would trace it. */
describe('node --import nestjs-jwks-auth/tracing', () => {
  let issuer: TestIssuer;
  let receiver: OtlpReceiver;
  let app: NodeProcess;
  let url: string;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    receiver = await OtlpReceiver.start();
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    app = new NodeProcess(['--import', 'nestjs-jwks-auth/tracing', 'dist/apps/orders/main.js'], {
      PORT: String(port),
      ISSUER: issuer.issuer,
      AUDIENCE: issuer.audience,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      // Longer than the test: what arrives earlier was flushed.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
    });
    await app.ready(responds(`${url}/health`));
  });
  afterAll(async () => {
    app.kill('SIGKILL');
    receiver.stop();
    await issuer.close();
  });

  it('exports the remaining spans on SIGTERM, with the HTTP spans around ours, and lets the application end', async () => {
    const traceId = randomBytes(16).toString('hex');
    await issuer.rotate();
    const headers = {
      authorization: `Bearer ${issuer.token()}`,
      traceparent: `00-${traceId}-${'1'.repeat(16)}-01`,
    };
    const response = await fetch(`${url}/orders/me`, { headers });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
    app.kill('SIGTERM');
    await app.ended;

    const spans = await receiver.trace(traceId, { quietMs: 1 });
    const childrenOf = (parent: ReceivedSpan | undefined) =>
      spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId).map(({ name }) => name);
    const named = (name: string) => spans.find((span) => span.name === name);
    const server = spans.find(({ kind }) => kind === 2);
    expect(server?.attributes['http.route']).toBe('/orders/me');
    expect(spans.map(({ name }) => name)).toContain('jwt.authenticate');
    expect(childrenOf(named('jwt.authenticate'))).toEqual(['jwks.get_key', 'jwt.verify']);
    expect(childrenOf(named('jwks.get_key'))).toEqual(['jwks.fetch']);
    expect(childrenOf(named('jwks.fetch'))).toEqual(['GET']);
    const client = spans.filter(({ kind }) => kind === 3);
    expect(client.map(({ attributes }) => attributes['url.full'])).toEqual([issuer.jwksUri]);
    expect(issuer.requests.log.at(-1)?.headers['traceparent']).toContain(traceId);
    expect(JSON.stringify(spans)).not.toContain(headers.authorization.split('.')[1]);
  });
});
