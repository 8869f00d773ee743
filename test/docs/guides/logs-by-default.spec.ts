import { PassThrough } from 'node:stream';
import { Module } from '@nestjs/common';
import { AuthModule } from 'nestjs-jwks-auth';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { LoggerModule } from 'nestjs-pino';
import { expect, test } from 'vitest';
import { listen, SampleController } from '../../support/guarded-app.js';

test('nestjs-pino logs the token by default, as docs/operate/logs.md says', async () => {
  const issuer = await startTestIssuer();
  let logged = '';
  const stream = new PassThrough().setEncoding('utf8').on('data', (text: string) => (logged += text));
  const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience });
  @Module({
    imports: [LoggerModule.forRoot({ pinoHttp: { stream } }), auth],
    controllers: [SampleController],
  })
  class LoggedModule {}
  await using api = await listen(LoggedModule);
  const token = issuer.token();
  expect((await api.get('/me', token)).status).toBe(200);
  await expect.poll(() => logged).toContain(token);
  await issuer.close();
});
