import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { ADAPTERS, listen } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

interface Accounts {
  readonly auth: DynamicModule;
  readonly AccountsController: Type;
}

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
