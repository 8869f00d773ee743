import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AuthModule } from 'nestjs-jwks-auth';
import { captureSpans, startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { SampleController } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

interface Traces {
  createApp(module: new () => object): Promise<NestFastifyApplication>;
}

test("docs/operate/tracing.md: @fastify/otel's span of a request holds those of the library", async () => {
  using spans = await captureSpans();
  const issuer = await startTestIssuer();
  const { createApp } = await new Guide('docs/operate/tracing.md', issuer).load<Traces>('fastify-traces.ts');

  @Module({
    imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
    controllers: [SampleController],
  })
  class AppModule {}
  const app = await createApp(AppModule);
  app.useLogger(false);
  await app.listen(0, '127.0.0.1');
  const response = await fetch(`${await app.getUrl()}/me`, { headers: issuer.bearer() });
  expect(response.status).toBe(200);
  await expect.poll(() => spans.named('request')).toHaveLength(1);

  const [authenticated] = spans.named('jwt.authenticate');
  const [request] = spans.named('request');
  expect(authenticated?.spanContext().traceId).toBe(request?.spanContext().traceId);
  expect(request?.attributes['http.route'] ?? request?.attributes['url.path']).toBe('/me');
  await Promise.all([app.close(), issuer.close()]);
});
