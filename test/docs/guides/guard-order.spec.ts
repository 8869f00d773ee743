import type { Type } from '@nestjs/common';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { ADAPTERS, listen } from '../../support/guarded-app.js';
import { Guide } from './guide.js';

interface Ordered {
  readonly OrderedModule: Type;
  readonly AddressGuard: Type<{ readonly seen: readonly string[] }>;
}

test.each(ADAPTERS)('docs/guide/routes.md on %s: global guards run in the order shown', async (adapter) => {
  const issuer = await startTestIssuer();
  const guide = new Guide('docs/guide/routes.md', issuer);
  const { OrderedModule, AddressGuard } = await guide.load<Ordered>('ordered.module.ts');
  await using api = await listen(OrderedModule, { adapter });
  const staff = issuer.token({ sub: 'ada', department: 'staff' });
  expect((await api.get('/reports')).status).toBe(401);
  expect((await api.get('/reports', issuer.token())).status).toBe(403);
  const response = await api.get('/reports', staff);
  expect([response.status, await response.json()]).toEqual([200, { reports: [], sub: 'ada' }]);
  expect(api.app.get(AddressGuard).seen).toHaveLength(3);
  await issuer.close();
});
