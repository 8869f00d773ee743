import { describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../test/support/constants.js';
import { RingFixture } from '../../test/support/ring-fixture.js';

/** A ring with keys, whose issuer has failed for this long. */
async function failingFor(forMs: number): Promise<RingFixture> {
  const fake = await RingFixture.started();
  fake.source.failWith(500);
  await fake.clock.advance(forMs);
  return fake;
}

describe('the age of the keys', () => {
  it('passes through FRESH and STALE to EXPIRED at exactly the limits', async () => {
    const fake = await failingFor(0);
    const states = [];
    for (const ms of [10 * MINUTE - 1, 1, DAY - 1, 1]) {
      await fake.clock.advance(ms);
      states.push(fake.state);
    }
    expect(states).toEqual(['FRESH', 'STALE', 'STALE', 'EXPIRED']);
  });

  it('counts down to the moment when tokens are refused', async () => {
    const fake = await failingFor(11 * MINUTE);
    expect(fake.ring.status).toMatchObject({ ageMs: 11 * MINUTE, timeToExpiryMs: DAY - MINUTE });
    expect((await failingFor(DAY + 10 * MINUTE)).ring.status.timeToExpiryMs).toBe(0);
  });

  it('skips STALE when staleIfErrorMs is 0', async () => {
    const fake = await RingFixture.started({ maxAgeMs: 1_000, staleIfErrorMs: 0 });
    fake.source.failWith(500);
    await fake.clock.advance(999);
    expect([fake.state, await fake.verdict('known')]).toEqual(['FRESH', 'ok']);
    await fake.clock.advance(1);
    expect([fake.state, await fake.verdict('known')]).toEqual(['EXPIRED', 'keys_unavailable']);
  });

  it('is not moved by the wall clock', async () => {
    const fake = await failingFor(0);
    fake.clock.moveWallClock(30 * DAY);
    expect([fake.state, await fake.verdict('known')]).toEqual(['FRESH', 'ok']);
    fake.clock.moveWallClock(-60 * DAY);
    expect([fake.state, await fake.verdict('known')]).toEqual(['FRESH', 'ok']);
  });

  it.each([
    ['no header', {}, 10 * MINUTE],
    ['max-age within the bounds', { 'cache-control': 'public, max-age=1800' }, 30 * MINUTE],
    ['max-age less Age', { 'cache-control': 'max-age=1800', age: '600' }, 20 * MINUTE],
    ['a small max-age', { 'cache-control': 'max-age=10' }, 5 * MINUTE],
    ['a huge max-age', { 'cache-control': 'max-age=31536000' }, 60 * MINUTE],
    [
      'a max-age and an Age too large for a number',
      { 'cache-control': `max-age=${'9'.repeat(400)}`, age: '9'.repeat(400) },
      5 * MINUTE,
    ],
    ['no-store', { 'cache-control': 'no-store' }, 5 * MINUTE],
    ['a malformed max-age', { 'cache-control': 'max-age=soon' }, 10 * MINUTE],
  ])('with %s, maxAge is kept within its bounds', async (_, headers, maxAge) => {
    const fake = new RingFixture();
    fake.source.headers = headers;
    await fake.ring.start();
    fake.source.failWith(500);
    await fake.clock.advance(maxAge - 1);
    expect(fake.state).toBe('FRESH');
    await fake.clock.advance(1);
    expect(fake.state).toBe('STALE');
  });

  it('is measured against an explicit maxAgeMs, whatever the headers hold', async () => {
    const fake = new RingFixture({ maxAgeMs: 50, staleIfErrorMs: 70 });
    fake.source.headers = { 'cache-control': 'max-age=3600' };
    await fake.ring.start();
    expect(fake.ring.status).toMatchObject({ nextRefreshInMs: 40, timeToExpiryMs: 120 });
  });
});
