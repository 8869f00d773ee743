import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { publicJwk } from '../../test/support/scripted-source.js';
import { DAY, HOUR, ISSUER, MINUTE } from '../../test/support/constants.js';
import { RingFixture } from '../../test/support/ring-fixture.js';

describe('a closed key ring', () => {
  it('has no timer left, and never fetches again', async () => {
    const fake = await RingFixture.started();
    fake.ring.close();
    expect(fake.clock.pending).toBe(0);
    await fake.clock.advance(23 * HOUR);
    await fake.verdict('known');
    await fake.verdict('made up');
    expect(await fake.ring.refresh()).toBe(false);
    expect(fake.source.fetches).toBe(1);
    expect(fake.clock.pending).toBe(0);
  });

  it('cancels the refresh in flight; those who wait for it get 503, and it sets no timer', async () => {
    const fake = new RingFixture();
    fake.source.holds = true;
    const verdict = fake.verdict('known');
    await settle();
    fake.ring.close();
    expect(await verdict).toBe('keys_unavailable');
    expect(fake.source.signal?.aborted).toBe(true);
    fake.source.respond();
    await settle();
    expect([fake.state, fake.clock.pending, fake.events]).toEqual(['EMPTY', 0, []]);
  });

  it('goes on serving from memory, for the requests that are still in progress', async () => {
    const fake = await RingFixture.started();
    fake.ring.close();
    expect([await fake.verdict('known'), fake.state]).toEqual(['ok', 'FRESH']);
    fake.ring.deny('known');
    expect(await fake.verdict('known')).toBe('unknown_key');
  });
});

describe('a closed key ring with a flapping kid', () => {
  it('refuses that kid at once with 503', async () => {
    const fake = await RingFixture.started();
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    for (const keys of [[one], [two], [one], [two]]) {
      fake.source.keys = keys;
      await fake.ring.refresh();
    }
    fake.ring.close();
    expect([await fake.verdict('one'), await fake.verdict('two')]).toEqual(['keys_unavailable', 'ok']);
  });
});

describe('a manual refresh', () => {
  it('fetches again when the refresh in flight started before it', async () => {
    const fake = await RingFixture.started();
    fake.source.holds = true;
    void fake.ring.start();
    await settle();
    // Published after that request.
    fake.source.keys = [publicJwk('new')];
    const refreshed = fake.ring.refresh();
    fake.source.respond();
    expect(await refreshed).toBe(true);
    expect(fake.ring.status.kids).toEqual(['new']);
  });

  it('fetches during a back-off too, and resolves to whether the response was accepted', async () => {
    const fake = await RingFixture.started();
    fake.source.failWith(429, 600_000);
    expect(await fake.ring.refresh()).toBe(false);
    fake.source.error = undefined;
    expect(await fake.ring.refresh()).toBe(true);
  });
});

describe('the status of a key ring', () => {
  it('holds everything that an operator needs', async () => {
    const fake = new RingFixture();
    expect(fake.ring.status).toEqual({
      issuer: ISSUER,
      state: 'EMPTY',
      ageMs: undefined,
      maxAgeMs: 600_000,
      timeToExpiryMs: 0,
      keyCount: 0,
      kids: [],
      jwksUri: undefined,
      lastError: undefined,
      nextRefreshInMs: Infinity,
      isIdle: false,
    });
    await fake.ring.start();
    fake.source.failWith(500);
    await fake.ring.refresh();
    expect(fake.ring.status).toMatchObject({
      state: 'FRESH',
      ageMs: 0,
      timeToExpiryMs: DAY + 10 * MINUTE,
      keyCount: 1,
      kids: ['known'],
      jwksUri: `${ISSUER}/jwks`,
      lastError: { code: 'http_status', status: 500 },
      nextRefreshInMs: 750,
    });
  });
});
