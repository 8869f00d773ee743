import { passportJwtSecret } from 'nestjs-jwks-auth';
import { startTestIssuer, captureSpans, type CapturedSpans, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { violations } from '../../support/telemetry-schema.js';
import { ADAPTERS } from '../../support/guarded-app.js';
import { GuardedScene } from '../../support/guarded-scene.js';

let spans: CapturedSpans;
beforeAll(async () => {
  spans = await captureSpans();
});
afterAll(() => spans.stop());

describe.each(ADAPTERS)('the trace of a request on %s', (adapter) => {
  let scene: GuardedScene;
  let issuer: TestIssuer;
  beforeEach(async () => {
    scene = await GuardedScene.create(adapter);
    ({ issuer } = scene);
    spans.clear();
  });
  afterEach(() => scene[Symbol.asyncDispose]());
  const treeOf = async (path: string, token?: string) => {
    spans.clear();
    const response = await scene.api.get(path, token);
    await response.arrayBuffer();
    const roots = spans.tree().filter(({ name }) => name === 'jwt.authenticate');
    expect(roots).toHaveLength(1);
    return roots[0];
  };

  it('has a trace of its own for the fetch at start', async () => {
    await scene.start();
    expect(spans.tree()).toMatchObject([
      {
        name: 'jwks.fetch',
        attributes: {
          'jwks.issuer': issuer.issuer,
          'jwks.fetch.trigger': 'bootstrap',
          'jwks.fetch.outcome': 'replaced',
          'jwks.key.count': 1,
          'http.response.status_code': 200,
        },
      },
    ]);
  });

  it('shows look-up and signature check of a new token, in this order and inside their parent', async () => {
    await scene.start();
    const kid = issuer.keys[0]?.kid;
    const root = await treeOf('/me', issuer.token());
    expect(root).toMatchObject({
      name: 'jwt.authenticate',
      attributes: { 'jwt.result': 'accepted', 'jwt.token_cache.hit': false, 'jwt.issuer': issuer.issuer },
      children: [
        {
          name: 'jwks.get_key',
          attributes: { 'jwks.cache.result': 'hit', 'jwks.issuer': issuer.issuer },
          children: [],
        },
        { name: 'jwt.verify', attributes: { 'jwt.alg': 'RS256', 'jwt.kid': kid }, children: [] },
      ],
    });
    const [getKey, verify] = root?.children ?? [];
    const edges = [
      root?.startMs,
      getKey?.startMs,
      getKey?.endMs,
      verify?.startMs,
      verify?.endMs,
      root?.endMs,
    ];
    expect(edges).toEqual(edges.toSorted((a = 0, b = 0) => a - b));
  });

  it('shows one span for a cached token, and the user look-up', async () => {
    await scene.start({ validate: async (claims: object) => ({ ...claims }) });
    const token = issuer.token();
    await treeOf('/me', token);
    const root = await treeOf('/me', token);
    expect(root).toMatchObject({
      attributes: { 'jwt.result': 'accepted', 'jwt.token_cache.hit': true },
      children: [{ name: 'jwt.validate', children: [] }],
    });
  });

  it('shows the fetch under the request that waited for it', async () => {
    await scene.start();
    await issuer.rotate();
    const root = await treeOf('/me', issuer.token());
    expect(root?.children[0]).toMatchObject({
      name: 'jwks.get_key',
      attributes: { 'jwks.cache.result': 'miss' },
      children: [
        {
          name: 'jwks.fetch',
          attributes: { 'jwks.fetch.trigger': 'unknown_kid', 'jwks.fetch.outcome': 'replaced' },
        },
      ],
    });
  });

  it('holds the reason of a refusal, and leaves the status unset', async () => {
    await scene.start();
    const refused = await treeOf('/me', issuer.token({ aud: 'other' }));
    const expected = { 'jwt.result': 'rejected', 'jwt.rejection.reason': 'wrong_audience' };
    expect(refused).toMatchObject({ attributes: expected, status: 'UNSET', children: [] });
    const scope = await treeOf('/scoped', issuer.token());
    expect(scope).toMatchObject({
      attributes: { 'jwt.rejection.reason': 'insufficient_scope' },
      status: 'UNSET',
    });
    expect(await treeOf('/optional')).toMatchObject({
      attributes: { 'jwt.result': 'anonymous' },
      status: 'UNSET',
    });
  });

  it('is an ERROR when the keys cannot be had', async () => {
    issuer.fault({ status: 500 }, { on: 'all' });
    await scene.start({ keys: { bootstrap: 'background' } });
    const root = await treeOf('/me', issuer.token());
    expect(root).toMatchObject({
      attributes: { 'jwt.result': 'error', 'error.type': 'keys_unavailable' },
      status: 'ERROR',
      children: [{ name: 'jwks.get_key', status: 'ERROR', attributes: { 'error.type': 'keys_unavailable' } }],
    });
  });

  it('is an ERROR when the user look-up fails', async () => {
    await scene.start({ validate: () => Promise.reject(new RangeError('secret detail')) });
    const root = await treeOf('/me', issuer.token());
    expect(root).toMatchObject({
      attributes: { 'jwt.result': 'error', 'error.type': 'RangeError' },
      status: 'ERROR',
    });
    expect(JSON.stringify(spans.tree())).not.toContain('secret detail');
  });

  it('holds no part of any token', async () => {
    await scene.start();
    const tokens = [
      issuer.token({ sub: 'somebody-special', jti: 'jti-special' }),
      ...Object.values(issuer.badTokens()),
    ];
    for (const token of tokens) await scene.api.get('/me', token);
    const everything = JSON.stringify(
      spans.spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    );
    for (const token of tokens) {
      for (const piece of token.split('.').filter((part) => part.length > 8))
        expect(everything).not.toContain(piece);
    }
    expect(everything).not.toContain('special');
    expect(spans.spans.flatMap(({ events }) => events)).toEqual([]);
  });
});

it('passportJwtSecret shows its look-ups and its fetches', async () => {
  await using issuer = await startTestIssuer();
  const secretOf = passportJwtSecret({ jwksUri: issuer.jwksUri });
  spans.clear();
  const key = await new Promise((resolve) => {
    secretOf({}, issuer.token(), (_error, found) => resolve(found));
  });
  expect(key).toBeDefined();
  expect(spans.named('jwks.get_key')[0]?.attributes).toMatchObject({ 'jwks.issuer': issuer.jwksUri });
  expect(spans.spans.flatMap(violations)).toEqual([]);
});
