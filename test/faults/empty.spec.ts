import type { KeyOptions } from 'nestjs-jwks-auth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expectFetches, expectNothingJudged, expectRecovery } from './expectations.js';
import { FAULTS, ANOMALIES, plainScene, timeoutFor, type Scene } from './faults.js';
import { Measurement } from './measurement.js';

const KEYS: KeyOptions = { bootstrap: 'background' };
/** The first delays of the back-off without keys, at their shortest: 0.25, 0.5, 1, 2 s. */
const OUTAGE_MS = 5_000;
const FETCHES = 5;

let scene: Scene | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await scene?.issuer.close();
});

describe.each(FAULTS)(
  'before the first keys, with $name',
  ({ failure, retryAfterMs, scene: setScene, begin }) => {
    it('valid tokens get 503 and not 401, and one back-off after the fault the keys are in memory', async ({
      annotate,
    }) => {
      scene = await (setScene ?? plainScene)();
      const { issuer } = scene;
      const end = await begin(scene);
      await using api = await scene.start({ ...KEYS, ...timeoutFor({ failure }) });
      api.isSilent = failure === 'timeout';
      const measured = new Measurement(api, issuer);
      const tokens = Array.from({ length: 20 }, () => issuer.token());

      // These join the first fetch; those after it meet the back-off.
      await Promise.all([measured.send(tokens), api.settled()]);
      await api.pass(OUTAGE_MS, () => measured.send(tokens));
      await expectNothingJudged(api, issuer, measured);

      expect(api.ring.status.state).toBe('EMPTY');
      expectFetches(api, issuer, failure, retryAfterMs === undefined ? FETCHES : 1);

      await expectRecovery(api, measured, end);
      expect(await api.statuses(issuer.token(), issuer.badTokens()['wrong key'])).toEqual([200, 401]);
      await annotate(measured.toString());
    });
  },
);

describe.each(ANOMALIES)('before the first keys, with $name', ({ begin }) => {
  it('the good keys come, and valid tokens are accepted', async () => {
    scene = await plainScene();
    const { issuer } = scene;
    await begin(scene);
    await using api = await scene.start(KEYS);
    expect(await api.statuses(issuer.token(), issuer.token())).toEqual([200, 200]);
    expect(api.ring.status).toMatchObject({ state: 'FRESH', kids: [issuer.keys[0]?.kid] });
    expect(issuer.requests.jwks).toBe(1);
  });
});

it('no request waits for the first keys longer than 5 s, however long the issuer takes', async () => {
  scene = await plainScene();
  const { issuer } = scene;
  issuer.fault('hang');
  await using api = await scene.start({ ...KEYS, timeoutMs: 60_000 });
  await vi.waitFor(() => expect(issuer.requests.jwks).toBe(1));
  const { pending } = api.clock;
  const responses = api.send(Array.from({ length: 20 }, () => issuer.token()));
  await vi.waitFor(() => expect(api.clock.pending).toBe(pending + 20));
  api.clock.leap(5_000);
  const { statuses } = await responses;
  expect(statuses).toEqual(statuses.map(() => 503));
  expect(issuer.requests.jwks).toBe(1);
});
