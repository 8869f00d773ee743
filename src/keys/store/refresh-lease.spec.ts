import { beforeEach, describe, expect, it } from 'vitest';
import { LeaseFixture } from '../../../test/support/lease-fixture.js';
import { HOUR, ISSUER, MINUTE, SECRET } from '../../../test/support/constants.js';
import { KEY_POLICY } from '../key-policy.js';
import { sealEntry } from './sealed-entry.js';

let fleet: LeaseFixture;
beforeEach(() => {
  fleet = new LeaseFixture();
});

describe('a refresh lease', () => {
  const goodRecord = () => ({ issuer: ISSUER, untilWallAt: fleet.clock.wallNow() + 5_000, failures: 1 });

  it('is with the first process to acquire it, for as long as a refresh may take', async () => {
    const [one, other] = [fleet.process(), fleet.process()];
    expect([await one.acquire(), await other.acquire()]).toEqual([0, KEY_POLICY.leaseMs]);
    await fleet.clock.advance(KEY_POLICY.leaseMs);
    expect(await other.acquire()).toBe(0);
  });

  it('cannot be acquired during a back-off, and counts failures across processes', async () => {
    const [one, other] = [fleet.process(), fleet.process()];
    await one.acquire();
    await one.failed(30_000);
    expect([await other.acquire(), other.failures]).toEqual([30_000, 1]);
    await fleet.clock.advance(30_000);
    await other.acquire();
    await other.failed(60_000);
    expect([await one.acquire(), one.failures]).toEqual([60_000, 2]);
  });

  it('is extended by the fetch that acquired it, and by no later one', async () => {
    const [one, other] = [fleet.process(), fleet.process()];
    await one.acquire();
    await one.failed(30_000);
    await one.failed(60_000);
    expect([await other.acquire(), other.failures]).toEqual([30_000, 1]);
    await fleet.clock.advance(30_000);
    await one.acquire();
    await one.succeeded();
    await one.failed(60_000);
    expect([await other.acquire(), other.failures]).toEqual([0, 0]);
  });

  it('does not hold back the process that wrote it, whose next refresh may come earlier', async () => {
    const [one, other] = [fleet.process(), fleet.process()];
    await one.acquire();
    await one.succeeded();
    expect([await other.acquire(), await one.acquire()]).toEqual([KEY_POLICY.leaseMs, 0]);
    await one.failed(30_000);
    await fleet.clock.advance(29_999);
    expect([await other.acquire(), await one.acquire(), one.failures]).toEqual([1, 0, 1]);
  });

  it('ends by itself after a success without earlier failures', async () => {
    const [one, other] = [fleet.process(), fleet.process()];
    await one.acquire();
    await one.succeeded();
    expect(await other.acquire()).toBe(KEY_POLICY.leaseMs);
    await fleet.clock.advance(KEY_POLICY.leaseMs);
    expect(await other.acquire()).toBe(0);
  });

  it('leaves the store ten minutes after its end, in whole milliseconds', async () => {
    const ttls: (number | undefined)[] = [];
    const set = fleet.keyv.set.bind(fleet.keyv);
    fleet.keyv.set = (name, value, ttl) => {
      ttls.push(ttl);
      return set(name, value, ttl);
    };
    const lease = fleet.process();
    await lease.acquire();
    await lease.failed(29_999.5);
    expect(ttls).toEqual([KEY_POLICY.leaseMs + 10 * MINUTE, 30_000 + 10 * MINUTE]);
  });

  it('is released, with its failures, after a success', async () => {
    const [one, other] = [fleet.process(), fleet.process()];
    await one.acquire();
    await one.failed(1_000);
    await fleet.clock.advance(1_000);
    await one.acquire();
    await one.succeeded();
    expect([await other.acquire(), other.failures]).toEqual([0, 0]);
  });

  it.each([
    ['wrong_signature', () => sealEntry('turn', goodRecord(), ['another secret, as long as it must be'])],
    ['unsigned', () => sealEntry('turn', goodRecord(), null)],
    ['malformed', () => 'turn'],
    ['malformed', () => sealEntry('turn', { ...goodRecord(), untilWallAt: '9' }, [SECRET])],
    ['foreign', () => sealEntry('turn', { ...goodRecord(), issuer: 'https://other.test' }, [SECRET])],
    [
      'future',
      () => sealEntry('turn', { ...goodRecord(), untilWallAt: fleet.clock.wallNow() + HOUR }, [SECRET]),
    ],
  ])('is free when its entry is refused as %s, which is reported once', async (reason, entry) => {
    const lease = fleet.process();
    await lease.acquire();
    const [name = ''] = await fleet.namesInStore();
    await fleet.keyv.set(name, sealEntry('turn', goodRecord(), [SECRET]));
    expect(await lease.acquire()).toBe(5_000);
    for (let round = 0; round < 2; round += 1) {
      await fleet.keyv.set(name, entry());
      expect(await lease.acquire()).toBe(0);
    }
    expect(fleet.events).toEqual([{ type: 'store_entry_refused', entry: 'turn', reason }]);
  });

  it('is granted to every process while the store is down', async () => {
    const [one, other] = [fleet.process(), fleet.process()];
    expect([await one.acquire(), await other.acquire()]).toEqual([0, KEY_POLICY.leaseMs]);
    fleet.keyv.getRaw = () => Promise.reject(new Error('down'));
    fleet.keyv.set = () => Promise.reject(new Error('down'));
    expect([await one.acquire(), await other.acquire()]).toEqual([0, 0]);
    await expect(one.failed(1_000)).resolves.toBeUndefined();
  });

  it('is not written after the close', async () => {
    const closing = new AbortController();
    const lease = fleet.process(closing.signal);
    closing.abort();
    await lease.acquire();
    await lease.failed(1_000);
    expect(await fleet.namesInStore()).toEqual([]);
  });
});
