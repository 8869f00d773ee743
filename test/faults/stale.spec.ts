import { ATTRIBUTES, SPANS } from 'nestjs-jwks-auth';
import { captureSpans } from 'nestjs-jwks-auth/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MINUTE } from '../support/constants.js';
import { expectFetches, expectRecovery } from './expectations.js';
import { FAULTS, ANOMALIES, plainScene, timeoutFor, type Scene } from './faults.js';
import { Measurement } from './measurement.js';

const KEYS = { maxAgeMs: 10 * MINUTE, staleIfErrorMs: 60 * MINUTE };
/** The first delays of the back-off with keys in memory, at their shortest: 0.5, 1, 2 s. */
const OUTAGE_MS = 5_000;
const FETCHES = 4;

let scene: Scene | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await scene?.issuer.close();
});

describe.each(FAULTS)(
  'after maxAge, with $name',
  ({ failure, retryAfterMs, scene: setScene = plainScene, begin }) => {
    it('every valid token is accepted from memory, and one back-off after the fault the keys are fresh', async ({
      annotate,
    }) => {
      scene = await setScene();
      const { issuer } = scene;
      await using api = await scene.start({ ...KEYS, ...timeoutFor({ failure }) });
      const end = await begin(scene);
      api.isSilent = failure === 'timeout';
      issuer.requests.reset();
      const measured = new Measurement(api, issuer);
      const tokens = Array.from({ length: 40 }, () => issuer.token());
      const { 'unknown kid': unknownKid, ...badTokens } = issuer.badTokens();

      // The refresh starts here; where the issuer does not respond it is in flight while the tokens are verified.
      api.clock.leap(KEYS.maxAgeMs);
      expect(api.ring.status.state).toBe('STALE');
      const spans = await captureSpans();
      await measured.send(tokens);
      const lookUps = spans.named(SPANS.getKey).map(({ attributes }) => attributes[ATTRIBUTES.cacheResult]);
      spans.stop();
      expect(lookUps).toEqual(tokens.map(() => 'stale'));

      await api.pass(OUTAGE_MS, () => measured.send(tokens));
      expect(measured.statuses).toEqual(new Set([200]));
      const refused = await api.send(Object.values(badTokens));
      expect(refused.statuses).toEqual(refused.statuses.map(() => 401));
      // The issuer may have published that key by now.
      expect(await api.statuses(unknownKid)).toEqual([503]);

      expectFetches(api, issuer, failure, retryAfterMs === undefined ? FETCHES : 1);

      await expectRecovery(api, measured, end);
      expect(await api.statuses(issuer.token(), unknownKid)).toEqual([200, 401]);
      await annotate(measured.toString());
    });
  },
);

describe.each(ANOMALIES)('after maxAge, with $name', ({ begin }) => {
  it('every valid token is accepted, and the keys are fresh again', async () => {
    scene = await plainScene();
    const { issuer } = scene;
    await using api = await scene.start(KEYS);
    await begin(scene);
    api.clock.leap(KEYS.maxAgeMs);
    expect(await api.statuses(issuer.token(), issuer.token())).toEqual([200, 200]);
    await api.settled();
    expect(api.ring.status).toMatchObject({ state: 'FRESH', kids: [issuer.keys[0]?.kid] });
    expect(api.failures).toEqual([]);
  });
});
