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
  /** A moment after a refresh is due: from then on the turn is somebody's. */
  const HOLDING = 1;
  /** A ring whose refresh is due at once. */
  const startRing = async () => {
    const fake = new RingFixture({ clock: fleet.clock, share: fleet.shareLease });
    await fake.ring.start();
    await fleet.clock.advance(REFRESH_AFTER - HOLDING);
    return { ...fake, verdict: (kid: string) => fake.verdict(kid), fetches: () => fake.source.fetches };
  };
  /** Two processes; what one draws is behind what the other draws. */
  const startRings = async () => {
    const rings = [0.1, 0.9].map((drawn) => {
      return new RingFixture({ clock: fleet.clock, share: fleet.shareAll, random: () => drawn });
    });
    const [one, other] = rings as [RingFixture, RingFixture];
    other.source.keys = one.source.keys;
    await one.ring.start();
    await other.ring.start();
    return { one, other, fetches: () => [one.source.fetches, other.source.fetches] };
  };

  it('ask a failing issuer no more often together than one of them would alone', async () => {
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

  it('all have the new keys soon after one of them has', async () => {
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

  it('give way to who asks, and come back one by one', async () => {
    const { ring, fetches } = await startRing();
    await fleet.process().acquire();
    await fleet.clock.advance(HOLDING);
    expect(fetches()).toBe(1);
    const { nextRefreshInMs } = ring.status;
    expect(nextRefreshInMs).toBeGreaterThan(KEY_POLICY.leaseMs - HOLDING);
    expect(nextRefreshInMs).toBeLessThan(KEY_POLICY.leaseMs + KEY_POLICY.leaseSpreadMs);
  });

  it('go on from the failures of the others', async () => {
    const { ring, source } = await startRing();
    const other = fleet.process();
    await other.acquire();
    for (let failure = 0; failure < 10; failure += 1) await other.failed(1_000);
    source.failWith(500);
    await fleet.clock.advance(HOLDING);
    await fleet.clock.advance(ring.status.nextRefreshInMs);
    expect(ring.status.lastError).toBeDefined();
    expect(ring.status.nextRefreshInMs).toBeGreaterThan(KEY_POLICY.backOffWithKeysMs[1] / 2);
  });

  it('keep the others away for as long as their own back-off lasts', async () => {
    const { ring, source } = await startRing();
    source.failWith(500);
    await fleet.clock.advance(HOLDING);
    expect(await fleet.process().acquire()).toBe(ring.status.nextRefreshInMs);
  });

  it('wait for no other with a token whose key they do not have', async () => {
    const { verdict, fetches } = await startRing();
    const other = fleet.process();
    await other.acquire();
    await other.failed(MINUTE);
    await verdict('made up');
    expect(fetches()).toBe(2);
  });

  it('wait for no other when they have no keys that may be relied on, and keep nobody away then', async () => {
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

  it('take no turn any more once they are closed', async () => {
    const { ring } = await startRing();
    const looks = Promise.withResolvers<undefined>();
    fleet.keyv.getRaw = () => looks.promise;
    await fleet.clock.advance(HOLDING);
    ring.close();
    looks.resolve(undefined);
    await settle();
    expect(await fleet.namesInStore()).toEqual([]);
  });
});
