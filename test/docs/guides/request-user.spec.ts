import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { ADAPTERS, listen } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

interface Accounts {
  readonly auth: DynamicModule;
  readonly AccountsController: Type;
}

test('docs/guide/request-user.md: a request has the members that the application declares', async () => {
  const guide = new Guide('docs/guide/request-user.md', {
    issuer: 'https://unused.test',
    audience: 'unused',
  });
  const { greeting } = await guide.load<{ greeting(request: object): string }>('express-user.ts');
  const { accountOf } = await guide.load<{ accountOf(request: object): string }>('fastify-user.ts');
  expect(greeting({ user: { displayName: 'Ada' } })).toBe('Hello Ada');
  expect(accountOf({ user: { accountId: 'a1' } })).toBe('a1');
});

test.each(ADAPTERS)(
  'docs/guide/request-user.md on %s: the user is what validate returns',
  async (adapter) => {
    const issuer = await startTestIssuer();
    const guide = new Guide('docs/guide/request-user.md', issuer);
    const { auth, AccountsController } = await guide.load<Accounts>('accounts.controller.ts');
    @Module({ imports: [auth], controllers: [AccountsController] })
    class AppModule {}
    await using api = await listen(AppModule, { adapter });
    const response = await api.get('/account', issuer.token({ sub: 'ada' }));
    expect([response.status, await response.json()]).toEqual([200, { accountId: 'ada' }]);
    expect((await api.get('/account', issuer.token({ sub: undefined }))).status).toBe(401);
    await issuer.close();
  },
);
