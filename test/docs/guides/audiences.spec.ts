import { Controller, Get, Module, type DynamicModule, type Type } from '@nestjs/common';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

@Controller('any')
class AnyController {
  @Get()
  any(): string {
    return 'any';
  }
}

let issuer: TestIssuer;
let guide: Guide;
beforeAll(async () => {
  issuer = await startTestIssuer();
  guide = new Guide('docs/guide/audiences.md', issuer);
});
afterAll(() => issuer.close());

test('docs/guide/audiences.md: each of several names opens every route', async () => {
  const { auth } = await guide.load<{ auth: DynamicModule }>('several-names.ts');
  @Module({ imports: [auth], controllers: [AnyController] })
  class AppModule {}
  await using api = await listen(AppModule);
  const status = async (aud: unknown) => (await api.get('/any', issuer.token({ aud }))).status;
  expect(await status(issuer.audience)).toBe(200);
  expect(await status(['api://other', 'api://orders'])).toBe(200);
  expect(await status('api://other')).toBe(401);
  const { headers } = await api.get('/any');
  expect(headers.get('www-authenticate')).toContain(`realm="${issuer.audience}"`);
});

test('docs/guide/audiences.md: a further audience opens the routes that name it, and those alone', async () => {
  const shown = await guide.load<{ auth: DynamicModule; OrdersController: Type }>('further-audience.ts');
  @Module({ imports: [shown.auth], controllers: [shown.OrdersController, AnyController] })
  class AppModule {}
  await using api = await listen(AppModule);
  const status = async (path: string, aud: unknown) => (await api.get(path, issuer.token({ aud }))).status;
  expect(await status('/orders', 'api://orders')).toBe(200);
  expect(await status('/any', 'api://orders')).toBe(401);
  expect(await status('/any', issuer.audience)).toBe(200);
  expect(await status('/orders', issuer.audience)).toBe(401);
});
