import { captureMetrics, type CapturedMetrics } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HOUR } from '../../test/support/constants.js';
import { RingFixture } from '../../test/support/ring-fixture.js';
import { observe } from './metrics.js';
import { METRICS } from './names.js';

let captured: CapturedMetrics;
let stopObserving: (() => void) | undefined;
beforeEach(async () => {
  captured = await captureMetrics();
});
afterEach(() => {
  stopObserving?.();
  captured.stop();
});

it('the age of the keys of an idle issuer is reported only after a failed fetch', async () => {
  const { ring, clock, source } = await RingFixture.started({ mayIdle: true });
  stopObserving = observe({ keySets: () => [ring.status] });
  const reported = async (name: string) => (await captured.series(name)).map(({ value }) => value);
  expect(await reported(METRICS.keySetAge)).toEqual([0]);
  await clock.advance(2 * HOUR);
  expect(ring.status).toMatchObject({ isIdle: true, state: 'STALE' });
  expect([await reported(METRICS.keySetAge), await reported(METRICS.keySetKeys)]).toEqual([[], [1]]);
  source.failWith(500);
  await ring.refresh();
  expect(await reported(METRICS.keySetAge)).toEqual([(ring.status.ageMs ?? 0) / 1_000]);
  source.error = undefined;
  ring.watch();
  await ring.refresh();
  expect(await reported(METRICS.keySetAge)).toEqual([0]);
});
