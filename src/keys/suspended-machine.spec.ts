import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../test/support/constants.js';
import { RingFixture } from '../../test/support/ring-fixture.js';
import { publicJwk } from '../../test/support/scripted-source.js';

describe('a machine that slept, whose monotonic clock stood still', () => {
  it.each([
    ['an hour', HOUR, 'STALE', 'ok'],
    ['two days', 2 * DAY, 'EXPIRED', 'keys_unavailable'],
  ])('for %s has keys of that age', async (_, slept, state, verdict) => {
    const fake = await RingFixture.started();
    fake.source.failWith(500);
    fake.clock.moveWallClock(slept);
    expect(fake.ring.status).toMatchObject({ state, ageMs: slept });
    expect(await fake.verdict('known')).toBe(verdict);
  });

  it('for two days refuses a key that was withdrawn meanwhile, and accepts the one in its place', async () => {
    const fake = await RingFixture.started();
    fake.source.keys = [publicJwk('new')];
    fake.clock.moveWallClock(2 * DAY);
    expect([await fake.verdict('known'), await fake.verdict('new')]).toEqual(['unknown_key', 'ok']);
    expect(fake.ring.status).toMatchObject({ state: 'FRESH', ageMs: 0 });
  });

  it('counts the time that it is awake as well', async () => {
    const fake = await RingFixture.started();
    fake.source.failWith(500);
    fake.clock.moveWallClock(HOUR);
    await fake.clock.advance(5 * MINUTE);
    expect(fake.ring.status.ageMs).toBe(HOUR + 5 * MINUTE);
  });
});
