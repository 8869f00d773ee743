import { afterEach, describe, expect, it, vi } from 'vitest';
import { MINUTE } from '../support/constants.js';
import { expectFetches, expectNothingJudged, expectRecovery } from './expectations.js';
import { FAULTS, ANOMALIES, plainScene, timeoutFor, type Scene } from './faults.js';
import { Measurement } from './measurement.js';

const KEYS = { maxAgeMs: 10 * MINUTE, staleIfErrorMs: 60 * MINUTE };
/** The first delays of the back-off without keys, at their shortest: 0.25, 0.5, 1, 2 s. */
const OUTAGE_MS = 5_000;
const FETCHES = 5;

let scene: Scene | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await scene?.issuer.close();
});

describe.each(FAULTS)(
  'after staleIfErrorMs, with $name',
  ({ failure, retryAfterMs, scene: setScene, begin }) => {
    it('valid tokens get 503 and not 401, and one back-off after the fault they are accepted', async ({
      annotate,
    }) => {
      scene = await (setScene ?? plainScene)();
      const { issuer } = scene;
      await using api = await scene.start({ ...KEYS, ...timeoutFor({ failure }) });
      const end = await begin(scene);
      api.isSilent = failure === 'timeout';
      issuer.requests.reset();
      const measured = new Measurement(api, issuer);
      const tokens = Array.from({ length: 20 }, () => issuer.token());

      api.clock.leap(KEYS.maxAgeMs + KEYS.staleIfErrorMs);
      expect(api.ring.status.state).toBe('EXPIRED');
      await Promise.all([measured.send(tokens), api.settled()]);
      await api.pass(OUTAGE_MS, () => measured.send(tokens));
      await expectNothingJudged(api, issuer, measured);

      expectFetches(api, issuer, failure, retryAfterMs === undefined ? FETCHES : 1);

      await expectRecovery(api, measured, end);
      expect(await api.statuses(issuer.token(), issuer.badTokens()['wrong key'])).toEqual([200, 401]);
      await annotate(measured.toString());
    });
  },
);

describe.each(ANOMALIES)('after staleIfErrorMs, with $name', ({ begin }) => {
  it('valid tokens wait for one fetch, and are accepted', async () => {
    scene = await plainScene();
    const { issuer } = scene;
    await using api = await scene.start(KEYS);
    await begin(scene);
    issuer.requests.reset();
    api.clock.leap(KEYS.maxAgeMs + KEYS.staleIfErrorMs);
    expect(await api.statuses(issuer.token(), issuer.token())).toEqual([200, 200]);
    expect(api.ring.status.state).toBe('FRESH');
    expect(issuer.requests.jwks).toBe(1);
  });
});

it('a request starts the fetch itself when the timer was lost and no back-off is running', async () => {
  scene = await plainScene();
  const { issuer } = scene;
  await using api = await scene.start(KEYS);
  issuer.requests.reset();
  api.clock.loseTimers();
  api.clock.leap(KEYS.maxAgeMs + KEYS.staleIfErrorMs);
  expect(api.ring.status.state).toBe('EXPIRED');
  expect(await api.statuses(issuer.token(), issuer.token())).toEqual([200, 200]);
  expect(issuer.requests.jwks).toBe(1);
});
