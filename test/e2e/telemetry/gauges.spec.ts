import { METRICS, passportJwtSecret } from 'nestjs-jwks-auth';
import {
  captureMetrics,
  startTestIssuer,
  type CapturedMetrics,
  type TestIssuer,
} from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE } from '../../support/constants.js';
import { startGuardedApp } from '../../support/guarded-app.js';
import { GuardedScene } from '../../support/guarded-scene.js';

let scene: GuardedScene;
let issuer: TestIssuer;
let captured: CapturedMetrics;
beforeEach(async () => {
  captured = await captureMetrics();
  scene = await GuardedScene.create();
  ({ issuer } = scene);
});
afterEach(async () => {
  captured.stop();
  await scene[Symbol.asyncDispose]();
});

describe('the gauges', () => {
  it('count the keys and the cached tokens of all applications, until each is closed', async () => {
    await scene.start();
    await scene.api.get('/me', issuer.token());
    const second = await startTestIssuer();
    const { issuer: name, audience } = second;
    const other = await startGuardedApp({ issuer: name, audience });
    await other.get('/me', second.token());
    const gauges = async () => [
      await captured.series(METRICS.keySetKeys),
      await captured.series(METRICS.tokenCacheEntries),
    ];
    const ofFirst = { attributes: { 'jwks.issuer': issuer.issuer }, value: 1 };
    const ofSecond = { attributes: { 'jwks.issuer': name }, value: 1 };
    expect(await gauges()).toEqual([[ofFirst, ofSecond], [{ attributes: {}, value: 2 }]]);
    await other.app.close();
    await second.close();
    expect(await gauges()).toEqual([[ofFirst], [{ attributes: {}, value: 1 }]]);
    await scene.api.app.close();
    expect(await gauges()).toEqual([[], []]);
  });

  it('report the worst of two applications that share an issuer', async () => {
    await scene.start({ keys: { maxAgeMs: MINUTE, staleIfErrorMs: 0 } });
    const { issuer: name, audience } = issuer;
    await using other = await startGuardedApp({ issuer: name, audience });
    expect(other.url).not.toBe(scene.api.url);
    const [left, ...more] = await captured.series(METRICS.keySetTimeToExpiry);
    expect(more).toEqual([]);
    expect(left?.value).toBeLessThanOrEqual(60);
  });

  // Last, since its keys are kept for the life of the process.
  it('count the keys behind passportJwtSecret', async () => {
    await scene.start();
    passportJwtSecret({ jwksUri: issuer.jwksUri });
    const series = await captured.series(METRICS.keySetKeys);
    expect(series.map(({ attributes }) => attributes)).toContainEqual({ 'jwks.issuer': issuer.jwksUri });
  });
});
