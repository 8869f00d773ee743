import { PassThrough } from 'node:stream';
import {
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type Type,
} from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { captureSpans, startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import type { DestinationStream } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADAPTERS, listen, type Adapter } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

let issuer: TestIssuer;
let guide: Guide;
/** nestjs-pino keeps the first stream of a process, so all applications here have the same. */
let logged = '';
const stream = new PassThrough().setEncoding('utf8').on('data', (text: string) => (logged += text));
beforeAll(async () => {
  issuer = await startTestIssuer();
  guide = new Guide('docs/operate/logs.md', issuer);
});
afterAll(() => issuer.close());

/** What the documented application logs of one request with this token, which runs under a span. */
async function logOf(token: string, adapter: Adapter): Promise<string> {
  const { AppModule } = await guide.load<{ AppModule: Type }>('app.module.ts');
  const { logModule } = await guide.load<{ logModule(to: DestinationStream): DynamicModule }>(
    'log.module.ts',
  );
  @Module({ imports: [logModule(stream), AppModule] })
  class LoggedModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      const traced = (_request: unknown, _response: unknown, next: () => void): void =>
        trace.getTracer('test').startActiveSpan('GET /orders', (span) => {
          next();
          span.end();
        });
      consumer.apply(traced).forRoutes('{*path}');
    }
  }
  await using api = await listen(LoggedModule, { adapter });
  logged = '';
  expect((await api.get('/orders', token)).status).toBe(200);
  await expect.poll(() => logged).toContain('request completed');
  return logged;
}

test.each(ADAPTERS)('docs/operate/logs.md on %s: the token is not logged', async (adapter) => {
  const token = issuer.token();
  const text = await logOf(token, adapter);
  expect(text).toContain('"authorization":"[Redacted]"');
  expect(text).not.toContain(token);
  expect(text).toContain('orders are listed');
});

test.each(ADAPTERS)('docs/operate/logs.md on %s: a line has the ids of its trace', async (adapter) => {
  using spans = await captureSpans();
  const lines = (await logOf(issuer.token(), adapter)).trim().split('\n');
  const line = lines
    .map((text) => JSON.parse(text) as { msg: string; trace_id?: string })
    .find(({ msg }) => msg === 'orders are listed');
  const [request] = spans.named('GET /orders');
  expect(line?.trace_id).toBe(request?.spanContext().traceId);
  expect(line?.trace_id).toMatch(/^[0-9a-f]{32}$/);
});
