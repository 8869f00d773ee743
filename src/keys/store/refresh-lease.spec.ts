import { beforeEach, describe, expect, it } from 'vitest';
import { FakeTurns, ISSUER, SECRET } from '../../../test/support/fake-turns.js';
import { HOUR } from '../../../test/support/fake-ring.js';
import { KEY_POLICY } from '../key-policy.js';
import { sealEntry } from './sealed-entry.js';

let fleet: FakeTurns;
beforeEach(() => {
  fleet = new FakeTurns();
});

describe('the turn to ask', () => {
  it('is with the first who comes, for as long as a question may take', async () => {
    const [one, other] = [fleet.startProcess(), fleet.startProcess()];
    expect([await one.take(), await other.take()]).toEqual([0, KEY_POLICY.turnMs]);
    await fleet.clock.advance(KEY_POLICY.turnMs);
    expect(await other.take()).toBe(0);
  });

  it('comes to nobody while the issuer is to be left alone, and failures add up over processes', async () => {
    const [one, other] = [fleet.startProcess(), fleet.startProcess()];
    await one.take();
    await one.failed(30_000);
    expect([await other.take(), other.failures]).toEqual([30_000, 1]);
    await fleet.clock.advance(30_000);
    await other.take();
    await other.failed(60_000);
    expect([await one.take(), one.failures]).toEqual([60_000, 2]);
  });

  it('starts anew once the issuer has answered', async () => {
    const [one, other] = [fleet.startProcess(), fleet.startProcess()];
    await one.take();
    await one.failed(1_000);
    await fleet.clock.advance(1_000);
    await one.take();
    await one.succeeded();
    expect([await other.take(), other.failures]).toEqual([0, 0]);
  });

  it.each([
    ['wrong_signature', () => sealEntry('turn', goodNote(), ['another secret, as long as it must be'])],
    ['unsigned', () => sealEntry('turn', goodNote(), null)],
    ['malformed', () => 'turn'],
    ['malformed', () => sealEntry('turn', { ...goodNote(), untilWallAt: '9' }, [SECRET])],
    ['foreign', () => sealEntry('turn', { ...goodNote(), issuer: 'https://other.test' }, [SECRET])],
    [
      'future',
      () => sealEntry('turn', { ...goodNote(), untilWallAt: fleet.clock.wallNow() + HOUR }, [SECRET]),
    ],
  ])('is not kept from us by an entry that is refused as %s, which is told once', async (reason, entry) => {
    const turn = fleet.startProcess();
    await turn.take();
    const [name = ''] = await fleet.namesInStore();
    await fleet.keyv.set(name, sealEntry('turn', goodNote(), [SECRET]));
    expect(await turn.take()).toBe(5_000);
    for (let round = 0; round < 2; round += 1) {
      await fleet.keyv.set(name, entry());
      expect(await turn.take()).toBe(0);
    }
    expect(fleet.news).toEqual([{ type: 'store_entry_refused', entry: 'turn', reason }]);
  });

  it("is everybody's while the store is down", async () => {
    const [one, other] = [fleet.startProcess(), fleet.startProcess()];
    expect([await one.take(), await other.take()]).toEqual([0, KEY_POLICY.turnMs]);
    fleet.keyv.getRaw = () => Promise.reject(new Error('down'));
    fleet.keyv.set = () => Promise.reject(new Error('down'));
    expect([await one.take(), await other.take()]).toEqual([0, 0]);
    await expect(one.failed(1_000)).resolves.toBeUndefined();
  });

  it('is not written any more once it is closed', async () => {
    const turn = fleet.startProcess();
    turn.close();
    await turn.take();
    await turn.failed(1_000);
    expect(await fleet.namesInStore()).toEqual([]);
  });

  const goodNote = () => ({ issuer: ISSUER, untilWallAt: fleet.clock.wallNow() + 5_000, failures: 1 });
});
