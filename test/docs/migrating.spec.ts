import { Controller, Get, Module, UseGuards, type Type } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen, type GuardedApp } from '../support/guarded-app.js';
import { shown } from './shown.js';

const DOCUMENT = 'docs/guide/migrating-from-jwks-rsa.md';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

/** An application of the strategy and the guard that the document shows. */
async function startApp(folder: string): Promise<GuardedApp> {
  const { JwtStrategy = Object } = await shown<Type>(DOCUMENT, 'jwt.strategy.ts', issuer, folder);
  const { OwnGuard = Object } = await shown<Type<CanActivate>>(DOCUMENT, 'own.guard.ts', issuer, folder);

  @UseGuards(OwnGuard as Type<CanActivate>)
  @Controller()
  class MeController {
    @Get('me')
    me(): string {
      return 'me';
    }
  }

  @Module({ controllers: [MeController], providers: [JwtStrategy] })
  class MeModule {}
  return listen(MeModule);
}

test('the strategy and the guard of docs/guide/migrating-from-jwks-rsa.md accept, refuse and follow a rotation', async () => {
  await using api = await startApp('healthy');
  const status = async (token: string) => (await api.get('/me', token)).status;
  const { expired, 'unknown kid': unknownKid, 'wrong key': wrongKey } = issuer.badTokens();
  expect(await status(issuer.token())).toBe(200);
  expect(await Promise.all([expired, unknownKid, wrongKey, 'x'].map(status))).toEqual([401, 401, 401, 401]);
  await issuer.rotate();
  expect(await status(issuer.token())).toBe(200);
});

test('the guard of docs/guide/migrating-from-jwks-rsa.md responds with 503 and Retry-After without keys, and with 401 else', async () => {
  issuer.fault({ status: 500 });
  await using api = await startApp('outage');
  const { status, headers } = await api.get('/me', issuer.token());
  expect([status, Number(headers.get('retry-after'))]).toEqual([503, expect.toSatisfy((s) => s >= 1)]);
  expect((await api.get('/me')).status).toBe(401);
});
