import { Controller, Get, Module, type DynamicModule, type Type } from '@nestjs/common';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

let issuer: TestIssuer;
let guide: Guide;
beforeAll(async () => {
  issuer = await startTestIssuer();
  guide = new Guide('docs/guide/audiences.md', issuer);
});
afterAll(() => issuer.close());

test('docs/guide/audiences.md: one of the names, and where a route requires it, that one', async () => {
  const { auth } = await guide.load<{ auth: DynamicModule }>('several-names.ts');
  const { OrdersController } = await guide.load<{ OrdersController: Type }>('audience.guard.ts');

  @Controller('any')
  class AnyController {
    @Get()
    any(): string {
      return 'any';
    }
  }
  @Module({ imports: [auth], controllers: [OrdersController, AnyController] })
  class AppModule {}
  await using api = await listen(AppModule);
  const status = async (path: string, aud: unknown) => (await api.get(path, issuer.token({ aud }))).status;

  expect(await status('/any', issuer.audience)).toBe(200);
  expect(await status('/any', 'api://orders')).toBe(200);
  expect(await status('/any', 'api://other')).toBe(401);
  expect(await status('/orders', 'api://orders')).toBe(200);
  expect(await status('/orders', ['api://other', 'api://orders'])).toBe(200);
  expect(await status('/orders', issuer.audience)).toBe(403);
  const { headers } = await api.get('/any');
  expect(headers.get('www-authenticate')).toContain(`realm="${issuer.audience}"`);
});
