import { Keyv } from 'keyv';
import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../../test/support/constants.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { FleetFixture } from '../../../test/support/fleet-fixture.js';
import { SealedStore } from './sealed-store.js';

/** An adapter whose operations are all this one. */
const adapter = (operate: () => Promise<unknown>) => ({
  get: operate,
  set: operate,
  delete: operate,
  clear: operate,
});
const hanging = () => new Keyv({ store: adapter(() => new Promise(() => {})) });
const failing = () => new Keyv({ store: adapter(() => Promise.reject(new TypeError('down'))) });

describe('a store that hangs', () => {
  it('times out after 250 ms', async () => {
    const clock = new ManualClock();
    const store = new SealedStore(hanging(), null, clock);
    const read = store.read('jwks', 'a').catch((error: unknown) => error);
    await clock.advance(249);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await read).toMatchObject({ kind: 'timeout' });
    const written = store.write('jwks', 'a', {}).catch((error: unknown) => error);
    await clock.advance(250);
    expect(await written).toMatchObject({ kind: 'timeout' });
  });

  it('delays no request whose key is in memory, and is reported once', async () => {
    const fleet = new FleetFixture();
    const { fake, warnings } = fleet.member({ keyv: hanging() });
    void fake.ring.start();
    await fleet.clock.advance(1_000);
    expect([fake.state, warnings]).toEqual(['FRESH', ['timeout']]);
    fleet.source.failWith(500);
    const refreshed = fake.ring.refresh();
    // No time passes: a request that waited for the store would never end.
    expect(await fake.verdict('known')).toBe('ok');
    await fleet.clock.advance(20 * MINUTE);
    expect([await refreshed, await fake.verdict('known'), warnings]).toEqual([false, 'ok', ['timeout']]);
  });
});

describe('a store that fails', () => {
  it('is ignored, with a warning', async () => {
    const fleet = new FleetFixture();
    const { fake, warnings } = await fleet.started({ keyv: failing() });
    expect([fake.state, fleet.source.fetches, warnings]).toEqual(['FRESH', 1, ['TypeError']]);
    expect(await fake.ring.deny('known')).toBe(false);
    expect(await fake.verdict('known')).toBe('unknown_key');
  });

  it('is detected even when its adapter emits the error instead of throwing it', async () => {
    const keyv = new Keyv();
    keyv.store.get = async () => void keyv.emit('error', new RangeError('gone'));
    const store = new SealedStore(keyv, null, new ManualClock());
    await expect(store.read('jwks', 'a')).rejects.toMatchObject({ kind: 'RangeError' });
  });

  it('is reported when it is back', async () => {
    const fleet = new FleetFixture();
    const keyv = new Keyv({ store: fleet.entries });
    const { get } = keyv.store;
    keyv.store.get = () => Promise.reject(new Error('down'));
    const { fake, warnings } = await fleet.started({ keyv });
    keyv.store.get = get;
    await fake.ring.refresh();
    expect(warnings).toEqual(['Error', 'store_available']);
  });
});

it('removes its listener when it is closed', () => {
  const keyv = new Keyv();
  const store = new SealedStore(keyv, null, new ManualClock());
  expect(keyv.listeners('error').length).toBe(1);
  store.close();
  expect(keyv.listeners('error').length).toBe(0);
});
