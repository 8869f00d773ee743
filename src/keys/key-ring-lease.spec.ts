import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/support/fake-clock.js';
import { FakeTurns } from '../../test/support/fake-turns.js';
import { publicJwk } from '../../test/support/fake-jwks-source.js';
import { FakeRing, HOUR, MINUTE, REFRESH_AFTER } from '../../test/support/fake-ring.js';
import { KEY_POLICY } from './key-policy.js';
import { SharedKeys } from './store/shared-key-set.js';
import { SharedTurn } from './store/refresh-lease.js';

let fleet: FakeTurns;
beforeEach(() => {
  fleet = new FakeTurns();
});

describe('rings that share a store', () => {
  /** Two processes; what one draws is behind what the other draws. */
  const startRings = async () => {
    const rings = [0.1, 0.9].map((drawn) => {
      const deps = fleet.sharing();
      const shared = new SharedKeys(deps);
      return new FakeRing({ clock: fleet.clock, shared, turn: new SharedTurn(deps), random: () => drawn });
    });
    const [one, other] = rings as [FakeRing, FakeRing];
    other.source.keys = one.source.keys;
    await one.ring.start();
    await other.ring.start();
    return { one, other, asked: () => [one.source.asked, other.source.asked] };
  };

  it('ask a failing issuer no more often together than one of them would alone', async () => {
    const { one, other, asked } = await startRings();
    expect(asked()).toEqual([1, 0]);
    one.source.failWith(500);
    other.source.failWith(500);
    await fleet.clock.advance(HOUR);
    const [mine = 0, theirs = 0] = asked();
    expect(mine).toBeGreaterThan(1);
    // At least half a minute apart, but for the first minute.
    expect(mine + theirs).toBeLessThan(120);
    expect([one.state, other.state]).toEqual(['STALE', 'STALE']);
    expect([await one.ask('known'), await other.ask('known')]).toEqual(['ok', 'ok']);
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
    const { ring, asked } = await startRing();
    await fleet.startProcess().take();
    await fleet.clock.advance(HOLDING);
    expect(asked()).toBe(1);
    const { nextRefreshInMs } = ring.status;
    expect(nextRefreshInMs).toBeGreaterThan(KEY_POLICY.turnMs - HOLDING);
    expect(nextRefreshInMs).toBeLessThan(KEY_POLICY.turnMs + KEY_POLICY.turnSpreadMs);
  });

  it('go on from the failures of the others', async () => {
    const { ring, source } = await startRing();
    const other = fleet.startProcess();
    await other.take();
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
    expect(await fleet.startProcess().take()).toBe(ring.status.nextRefreshInMs);
  });

  it('wait for no other with a token whose key they do not have', async () => {
    const { ask, asked } = await startRing();
    const other = fleet.startProcess();
    await other.take();
    await other.failed(MINUTE);
    await ask('made up');
    expect(asked()).toBe(2);
  });

  it('wait for no other when they have no keys that may be relied on, and keep nobody away then', async () => {
    const other = fleet.startProcess();
    await other.take();
    await other.failed(10 * MINUTE);
    const late = new FakeRing({ clock: fleet.clock, turn: fleet.startProcess() });
    late.source.failWith(500);
    await late.ring.start();
    expect(await fleet.startProcess().take()).toBe(10 * MINUTE);
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

  /** A moment after a refresh is due: from then on the turn is somebody's. */
  const HOLDING = 1;
  /** A ring whose refresh is due at once. */
  const startRing = async () => {
    const fake = new FakeRing({ clock: fleet.clock, turn: fleet.startProcess() });
    await fake.ring.start();
    await fleet.clock.advance(REFRESH_AFTER - HOLDING);
    return { ...fake, ask: (kid: string) => fake.ask(kid), asked: () => fake.source.asked };
  };
});
