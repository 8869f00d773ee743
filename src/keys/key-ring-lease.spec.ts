import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { LeaseFixture } from '../../test/support/lease-fixture.js';
import { publicJwk } from '../../test/support/scripted-source.js';
import { HOUR, MINUTE } from '../../test/support/constants.js';
import { RingFixture, REFRESH_AFTER } from '../../test/support/ring-fixture.js';
import { KEY_POLICY } from './key-policy.js';

let fleet: LeaseFixture;
beforeEach(() => {
  fleet = new LeaseFixture();
});

describe('rings that share a store', () => {
  /** A moment after a refresh is due: from then on a ring holds the lease. */
  const HOLDING = 1;
  /** A ring whose refresh is due at once. */
  const startRing = async () => {
    const fake = new RingFixture({ clock: fleet.clock, share: fleet.shareLease });
    await fake.ring.start();
    await fleet.clock.advance(REFRESH_AFTER - HOLDING);
    return { ...fake, verdict: (kid: string) => fake.verdict(kid), fetches: () => fake.source.fetches };
  };
  /** Two processes; the random delays of the first are shorter than those of the second. */
  const startRings = async () => {
    const rings = [0.1, 0.9].map((value) => {
      return new RingFixture({ clock: fleet.clock, share: fleet.shareAll, random: () => value });
    });
    const [one, other] = rings as [RingFixture, RingFixture];
    other.source.keys = one.source.keys;
    await one.ring.start();
    await other.ring.start();
    return { one, other, fetches: () => [one.source.fetches, other.source.fetches] };
  };

  it('fetch from a failing issuer no more often together than one of them would', async () => {
    const { one, other, fetches } = await startRings();
    expect(fetches()).toEqual([1, 0]);
    one.source.failWith(500);
    other.source.failWith(500);
    await fleet.clock.advance(HOUR);
    const [mine = 0, theirs = 0] = fetches();
    expect(mine).toBeGreaterThan(1);
    // At least half a minute apart, but for the first minute.
    expect(mine + theirs).toBeLessThan(120);
    expect([one.state, other.state]).toEqual(['STALE', 'STALE']);
    expect([await one.verdict('known'), await other.verdict('known')]).toEqual(['ok', 'ok']);
  });

  it('all have the new keys soon after the first of them', async () => {
    const { one, other } = await startRings();
    one.source.failWith(500);
    other.source.failWith(500);
    await fleet.clock.advance(HOUR);
    const keys = [...one.source.keys, publicJwk('new')];
    for (const { source } of [one, other]) Object.assign(source, { keys, error: undefined });
    await fleet.clock.advance(3 * MINUTE);
    expect([one.ring.status.kids, other.ring.status.kids]).toEqual([
      ['known', 'new'],
      ['known', 'new'],
    ]);
    expect([one.state, other.state]).toEqual(['FRESH', 'FRESH']);
  });

  it('defer to the holder of the lease, and retry at random moments', async () => {
    const { ring, fetches } = await startRing();
    await fleet.process().acquire();
    await fleet.clock.advance(HOLDING);
    expect(fetches()).toBe(1);
    const { nextRefreshInMs } = ring.status;
    expect(nextRefreshInMs).toBeGreaterThan(KEY_POLICY.leaseMs - HOLDING);
    expect(nextRefreshInMs).toBeLessThan(KEY_POLICY.leaseMs + KEY_POLICY.leaseSpreadMs);
  });

  it('continue the back-off of the others', async () => {
    const { ring, source } = await startRing();
    const other = fleet.process();
    for (let failure = 1; failure <= 10; failure += 1) {
      expect(await other.acquire()).toBe(0);
      await other.failed(failure < 10 ? 0 : 1_000);
    }
    source.failWith(500);
    await fleet.clock.advance(HOLDING);
    await fleet.clock.advance(ring.status.nextRefreshInMs);
    expect(ring.status.lastError).toBeDefined();
    expect(ring.status.nextRefreshInMs).toBeGreaterThan(KEY_POLICY.backOffWithKeysMs[1] / 2);
  });

  it('hold the lease for as long as their own back-off lasts', async () => {
    const { ring, source } = await startRing();
    source.failWith(500);
    await fleet.clock.advance(HOLDING);
    expect(await fleet.process().acquire()).toBe(ring.status.nextRefreshInMs);
  });

  it('fetch for an unknown kid although another holds the lease', async () => {
    const { verdict, fetches } = await startRing();
    const other = fleet.process();
    await other.acquire();
    await other.failed(MINUTE);
    await verdict('made up');
    expect(fetches()).toBe(2);
  });

  it('ignore the lease without usable keys, and do not extend it', async () => {
    const other = fleet.process();
    await other.acquire();
    await other.failed(10 * MINUTE);
    const late = new RingFixture({ clock: fleet.clock, share: fleet.shareLease });
    late.source.failWith(500);
    await late.ring.start();
    expect(await fleet.process().acquire()).toBe(10 * MINUTE);
    late.source.error = undefined;
    expect(late.state).toBe('EMPTY');
    await fleet.clock.advance(KEY_POLICY.backOffWithoutKeysMs[0]);
    expect(late.state).toBe('FRESH');
  });

  it('acquire no lease once they are closed', async () => {
    const { ring } = await startRing();
    const reading = Promise.withResolvers<undefined>();
    fleet.keyv.getRaw = () => reading.promise;
    await fleet.clock.advance(HOLDING);
    ring.close();
    reading.resolve(undefined);
    await settle();
    expect(await fleet.namesInStore()).toEqual([]);
  });
});
