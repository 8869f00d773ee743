import { captureSpans, type CapturedSpans, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS, type GuardedApp } from '../../support/guarded-app.js';
import { GuardedScene } from '../../support/guarded-scene.js';

const REQUESTS = 200;

let spans: CapturedSpans;
beforeAll(async () => {
  spans = await captureSpans();
});
afterAll(() => spans.stop());

describe.each(ADAPTERS)('with verifyInThreadPool on %s', (adapter) => {
  let scene: GuardedScene;
  let issuer: TestIssuer;
  let api: GuardedApp;
  beforeEach(async () => {
    scene = await GuardedScene.create(adapter, { algorithm: 'ES256' });
    await scene.start({ verifyInThreadPool: true });
    ({ issuer, api } = scene);
    spans.clear();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  it('accepts what is signed, refuses what is not, and caches what it accepted', async () => {
    const token = issuer.token();
    const forged = issuer.forge({ signature: 'garbage' });
    const statuses: number[] = [];
    for (const one of [token, forged, token]) statuses.push((await api.get('/me', one)).status);
    expect(statuses).toEqual([200, 401, 200]);
    const roots = spans.tree().filter(({ name }) => name === 'jwt.authenticate');
    expect(roots).toMatchObject([
      {
        attributes: { 'jwt.result': 'accepted' },
        children: [{ name: 'jwks.get_key' }, { name: 'jwt.verify' }],
      },
      {
        attributes: { 'jwt.result': 'rejected', 'jwt.rejection.reason': 'bad_signature' },
        children: [{ name: 'jwks.get_key' }, { name: 'jwt.verify' }],
      },
      { attributes: { 'jwt.result': 'accepted', 'jwt.token_cache.hit': true }, children: [] },
    ]);
  });

  it('gives each of many requests its own user, or its own refusal', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: REQUESTS }, async (_, index) => {
        const good = index % 3 > 0;
        const token = good
          ? issuer.token({ sub: `user-${index}` })
          : issuer.forge({ payload: issuer.claims({ sub: `user-${index}` }), signature: 'garbage' });
        const response = await api.get('/me', token);
        const { sub, code } = (await response.json()) as { sub?: string; code?: string };
        return good ? sub === `user-${index}` : code === 'bad_signature';
      }),
    );
    expect(outcomes.every(Boolean)).toBe(true);
  });
});
