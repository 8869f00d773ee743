import type { Type } from '@nestjs/common';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, it } from 'vitest';
import { listen } from '../support/guarded-app.js';
import { refusalIn } from '../support/refusal.js';
import { shown } from './shown.js';

it('docs/guide/authorization.md requires what it says', async () => {
  await using issuer = await startTestIssuer();
  const block = await shown<Type>('docs/guide/authorization.md', 'orders.module.ts', issuer, 'authorization');
  await using api = await listen(block['OrdersModule'] as Type);
  const request = async (method: string, path: string, claims: object) =>
    refusalIn(
      await fetch(api.url + path, {
        method,
        headers: { authorization: `Bearer ${issuer.token({ org_id: 'acme', ...claims })}` },
      }),
    );

  expect((await request('GET', '/orders', { scope: 'orders:admin' })).status).toBe(200);
  expect((await request('GET', '/orders', { scope: 'orders:write' })).code).toBe('insufficient_scope');
  expect((await request('GET', '/orders', { scope: 'orders:read', org_id: null })).code).toBe(
    'insufficient_claims',
  );
  expect((await request('GET', '/orders', { scope: 'orders:read', gty: 'client-credentials' })).code).toBe(
    'wrong_subject_kind',
  );

  const owner = { scope: 'orders:admin', sub: 'auth0|ada' };
  expect((await request('PUT', '/orders/1', owner)).status).toBe(200);
  expect((await request('PUT', '/orders/2', owner)).code).toBe('forbidden_by_policy');

  const strong = {
    amr: ['pwd', 'mfa'],
    realm_access: { roles: ['support'] },
    acr: 'phr',
    auth_time: Date.now() / 1_000,
  };
  expect((await request('DELETE', '/orders/1', strong)).status).toBe(200);
  expect((await request('DELETE', '/orders/1', { ...strong, amr: ['pwd'] })).code).toBe(
    'insufficient_claims',
  );
  expect((await request('DELETE', '/orders/1', { ...strong, acr: 'pwd' })).challenge).toMatchObject({
    acr_values: 'phr',
    max_age: '300',
  });
});
