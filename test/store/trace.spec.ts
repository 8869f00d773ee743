import { Keyv } from 'keyv';
import { captureSpans, startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, it, vi } from 'vitest';
import { startGuardedApp } from '../support/guarded-app.js';

it('a trace distinguishes keys of the store from keys of the issuer', async () => {
  await using issuer = await startTestIssuer();
  const spans = await captureSpans();
  const store = new Keyv();
  const start = () =>
    startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience, keys: { store, storeSecret: null } });
  await using first = await start();
  expect((await first.get('/me', issuer.token())).status).toBe(200);
  await vi.waitFor(async () => expect((await store.iterator?.({}).next())?.done).toBe(false));
  await using second = await start();
  expect((await second.get('/me', issuer.token())).status).toBe(200);
  const sources = spans
    .named('jwks.fetch')
    .map(({ attributes }) => [attributes['jwks.fetch.source'], attributes['jwks.fetch.outcome']]);
  expect(sources).toEqual([
    ['issuer', 'replaced'],
    ['store', 'replaced'],
  ]);
});
