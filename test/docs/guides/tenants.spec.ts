import type { Type } from '@nestjs/common';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { ADAPTERS, listen } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

test.each(ADAPTERS)(
  'docs/guide/tenants.md on %s: validate finds the provider of the request',
  async (adapter) => {
    const issuer = await startTestIssuer();
    const { AppModule } = await new Guide('docs/guide/tenants.md', issuer).load<{ AppModule: Type }>(
      'app.module.ts',
    );
    await using api = await listen(AppModule, { adapter });
    const ada = issuer.token({ sub: 'ada' });

    const response = await api.get('/me', ada, { 'x-tenant': 'acme' });
    expect([response.status, await response.json()]).toEqual([200, { sub: 'ada', tenant: 'acme' }]);
    // The same token, from the cache, at other tenants.
    expect((await api.get('/me', ada, { 'x-tenant': 'globex' })).status).toBe(401);
    expect((await api.get('/me', ada)).status).toBe(401);
    expect((await api.get('/me', issuer.token({ sub: 'grace' }), { 'x-tenant': 'globex' })).status).toBe(200);
    await issuer.close();
  },
);
