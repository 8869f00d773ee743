import { Controller, Get, Module, UseGuards, type Type } from '@nestjs/common';
import type { CanActivate } from '@nestjs/common';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen, type GuardedApp } from '../support/guarded-app.js';
import { codeBlocks, ROOT } from './markdown.js';

const DOCUMENT = 'docs/migrating-from-jwks-rsa.md';
/** Inside the repository, so that imports resolve. */
const DIRECTORY = `${ROOT}.tmp/migrating`;

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

/** The file that the document shows under this name, with the addresses of the test issuer. */
async function shown<T>(name: string, folder: string): Promise<Record<string, T>> {
  const block = codeBlocks(DOCUMENT).find(({ code }) => code.startsWith(`// ${name}\n`));
  const code = block?.code
    .replaceAll('https://tenant.eu.auth0.com/.well-known/jwks.json', issuer.jwksUri)
    .replaceAll('https://tenant.eu.auth0.com/', issuer.issuer)
    .replaceAll('https://api.example.com', issuer.audience);
  mkdirSync(`${DIRECTORY}/${folder}`, { recursive: true });
  // Decorators are compiled as the nearest tsconfig.json says.
  writeFileSync(`${DIRECTORY}/${folder}/tsconfig.json`, '{ "extends": "../../../tsconfig.json" }');
  writeFileSync(`${DIRECTORY}/${folder}/${name}`, code ?? '');
  return import(`${DIRECTORY}/${folder}/${name}`) as Promise<Record<string, T>>;
}

/** An application of the strategy and the guard that the document shows. */
async function startApp(folder: string): Promise<GuardedApp> {
  const { JwtStrategy = Object } = await shown<Type>('jwt.strategy.ts', folder);
  const { OwnGuard = Object } = await shown<Type<CanActivate>>('own.guard.ts', folder);

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

test('the strategy and the guard of docs/migrating-from-jwks-rsa.md accept, refuse and follow a rotation', async () => {
  await using api = await startApp('healthy');
  const status = async (token: string) => (await api.get('/me', token)).status;
  const { expired, 'unknown kid': unknownKid, 'wrong key': wrongKey } = issuer.badTokens();
  expect(await status(issuer.token())).toBe(200);
  expect(await Promise.all([expired, unknownKid, wrongKey, 'x'].map(status))).toEqual([401, 401, 401, 401]);
  await issuer.rotate();
  expect(await status(issuer.token())).toBe(200);
});

test('the guard of docs/migrating-from-jwks-rsa.md responds with 503 and Retry-After without keys, and with 401 else', async () => {
  issuer.fault({ status: 500 });
  await using api = await startApp('outage');
  const { status, headers } = await api.get('/me', issuer.token());
  expect([status, Number(headers.get('retry-after'))]).toEqual([503, expect.toSatisfy((s) => s >= 1)]);
  expect((await api.get('/me')).status).toBe(401);
});
