import { ForbiddenException } from '@nestjs/common';
import { AccessTokenVerifier, METRICS, SCOPE_NAME } from 'nestjs-jwks-auth';
import { captureMetrics, type CapturedMetrics, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedScene } from '../../support/guarded-scene.js';

let scene: GuardedScene;
let issuer: TestIssuer;
let metrics: CapturedMetrics | undefined;
beforeEach(async () => {
  scene = await GuardedScene.create();
  ({ issuer } = scene);
});
afterEach(async () => {
  metrics?.stop();
  await scene[Symbol.asyncDispose]();
});

const capture = async () => {
  metrics = await captureMetrics();
  return metrics;
};
const get = async (path: string, token?: string) => {
  const response = await scene.api.get(path, token);
  await response.arrayBuffer();
  return response.status;
};
const labelsOf = async (captured: CapturedMetrics, name: string) =>
  (await captured.series(name)).map(({ attributes }) => attributes);

function crash(): never {
  throw new RangeError('the look-up failed');
}

describe('the metrics', () => {
  it('are nine, with their units and buckets, in the scope of the library', async () => {
    const captured = await capture();
    await scene.start();
    await get('/me', issuer.token());
    const collected = await captured.collect();
    const described = collected.map(({ name, unit, scope }) => [name, unit, scope]);
    expect(described.toSorted()).toEqual(
      [
        [METRICS.authenticateDuration, 's', SCOPE_NAME],
        [METRICS.keyLookups, '{lookup}', SCOPE_NAME],
        [METRICS.fetchDuration, 's', SCOPE_NAME],
        [METRICS.keySetAge, 's', SCOPE_NAME],
        [METRICS.keySetMaxAge, 's', SCOPE_NAME],
        [METRICS.keySetKeys, '{key}', SCOPE_NAME],
        [METRICS.keySetTimeToExpiry, 's', SCOPE_NAME],
        [METRICS.tokenCacheEntries, '{entry}', SCOPE_NAME],
        [METRICS.revocationEntries, '{entry}', SCOPE_NAME],
      ].toSorted(),
    );
    const [authenticate] = await captured.series(METRICS.authenticateDuration);
    expect([authenticate?.boundaries?.at(0), authenticate?.boundaries?.at(-1)]).toEqual([0.000_05, 5]);
    const [fetched] = await captured.series(METRICS.fetchDuration);
    expect([fetched?.boundaries?.at(0), fetched?.boundaries?.at(-1)]).toEqual([0.005, 10]);
  });

  it('record the outcome of requests', async () => {
    const captured = await capture();
    await scene.start({
      validate: (claims: { sub?: string }) => (claims.sub === 'nobody' ? crash() : claims),
    });
    await get('/me', issuer.token());
    await get('/me', issuer.token({ aud: 'other' }));
    await get('/me');
    await get('/optional');
    await get('/scoped', issuer.token());
    await get('/me', issuer.token({ sub: 'nobody' }));
    const series = await captured.series(METRICS.authenticateDuration);
    const expected = [
      { 'jwt.transport': 'http', 'jwt.result': 'accepted' },
      { 'jwt.transport': 'http', 'jwt.result': 'rejected', 'jwt.rejection.reason': 'wrong_audience' },
      { 'jwt.transport': 'http', 'jwt.result': 'rejected', 'jwt.rejection.reason': 'missing_token' },
      { 'jwt.transport': 'http', 'jwt.result': 'anonymous' },
      { 'jwt.transport': 'http', 'jwt.result': 'rejected', 'jwt.rejection.reason': 'insufficient_scope' },
      { 'jwt.transport': 'http', 'jwt.result': 'error', 'error.type': '_OTHER' },
    ];
    expect(series.map(({ attributes }) => attributes)).toEqual(expected);
    expect(series.map(({ count }) => count)).toEqual(expected.map(() => 1));
  });

  it('record the outcome of look-ups and fetches', async () => {
    const captured = await capture();
    await scene.start();
    await get('/me', issuer.token());
    await issuer.rotate();
    await get('/me', issuer.token());
    expect(await captured.series(METRICS.keyLookups)).toEqual([
      { attributes: { 'jwks.issuer': issuer.issuer, 'jwks.cache.result': 'hit' }, value: 1 },
      { attributes: { 'jwks.issuer': issuer.issuer, 'jwks.cache.result': 'miss' }, value: 1 },
    ]);
    const ok = { 'jwks.fetch.outcome': 'replaced', 'http.response.status_code': 200 };
    expect(await labelsOf(captured, METRICS.fetchDuration)).toEqual([
      { 'jwks.issuer': issuer.issuer, 'jwks.fetch.trigger': 'bootstrap', ...ok },
      { 'jwks.issuer': issuer.issuer, 'jwks.fetch.trigger': 'unknown_kid', ...ok },
    ]);
  });

  it('record why the issuer failed, and that requests could not be verified', async () => {
    const captured = await capture();
    issuer.fault({ status: 500 }, { on: 'all' });
    await scene.start({ keys: { bootstrap: 'background' } });
    expect(await get('/me', issuer.token())).toBe(503);
    expect(await labelsOf(captured, METRICS.authenticateDuration)).toEqual([
      { 'jwt.transport': 'http', 'jwt.result': 'error', 'error.type': 'keys_unavailable' },
    ]);
    expect(await labelsOf(captured, METRICS.fetchDuration)).toEqual([
      {
        'jwks.issuer': issuer.issuer,
        'jwks.fetch.trigger': 'bootstrap',
        'jwks.fetch.outcome': 'rejected',
        'http.response.status_code': 500,
        'error.type': 'http_status',
      },
    ]);
    expect(await captured.series(METRICS.keySetAge)).toEqual([]);
    expect(await captured.series(METRICS.keySetTimeToExpiry)).toMatchObject([{ value: 0 }]);
  });

  it('record an HTTP exception of the application as a refusal', async () => {
    const captured = await capture();
    await scene.start({ validate: () => Promise.reject(new ForbiddenException()) });
    expect(await get('/me', issuer.token())).toBe(403);
    expect(await labelsOf(captured, METRICS.authenticateDuration)).toEqual([
      { 'jwt.transport': 'http', 'jwt.result': 'rejected', 'jwt.rejection.reason': 'user_rejected' },
    ]);
  });

  it('count nothing but look-ups and fetches outside of a guard', async () => {
    const captured = await capture();
    await scene.start();
    await scene.api.app.get(AccessTokenVerifier).verify(issuer.token());
    expect(await captured.series(METRICS.authenticateDuration)).toEqual([]);
    expect(await captured.series(METRICS.keyLookups)).toMatchObject([{ value: 1 }]);
  });

  it('are recorded for an SDK that is registered after the first request', async () => {
    await scene.start();
    await get('/me', issuer.token());
    const captured = await capture();
    expect(await captured.collect()).toEqual([]);
    await get('/me', issuer.token());
    expect(await captured.series(METRICS.authenticateDuration)).toMatchObject([{ count: 1 }]);
    expect(await captured.series(METRICS.keySetKeys)).toMatchObject([{ value: 1 }]);
  });

  it('continue with an SDK that replaces another', async () => {
    await scene.start();
    for (let round = 0; round < 2; round += 1) {
      using captured = await captureMetrics();
      await get('/me', issuer.token());
      expect(await captured.series(METRICS.authenticateDuration)).toMatchObject([{ count: 1 }]);
      expect(await captured.series(METRICS.keySetKeys)).toMatchObject([{ value: 1 }]);
    }
  });
});
