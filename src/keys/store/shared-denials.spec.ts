import { describe, expect, it } from 'vitest';
import { FleetFixture } from '../../../test/support/fleet-fixture.js';
import { publicJwk } from '../../../test/support/scripted-source.js';
import { MINUTE } from '../../../test/support/constants.js';

describe('a denied key', () => {
  it('is out of use in other processes by their next refresh, and at once in new ones', async () => {
    const fleet = new FleetFixture();
    const [one, other] = [await fleet.started(), await fleet.started()];
    expect(await one.fake.ring.deny('known')).toBe(true);
    expect(await one.fake.verdict('known')).toBe('unknown_key');
    expect(await (await fleet.started()).fake.verdict('known')).toBe('unknown_key');
    expect(await other.fake.verdict('known')).toBe('ok');
    await fleet.clock.advance(9 * MINUTE);
    expect(await other.fake.verdict('known')).toBe('unknown_key');
  });

  it('survives a concurrent denial, and the loss of the entries', async () => {
    const fleet = new FleetFixture();
    fleet.source.keys = [publicJwk('a'), publicJwk('b'), publicJwk('c')];
    const [one, other] = [await fleet.started(), await fleet.started()];
    await Promise.all([one.fake.ring.deny('a'), other.fake.ring.deny('b')]);
    expect(await (await fleet.started()).fake.verdict('a')).toBe('unknown_key');
    fleet.entries.clear();
    await fleet.clock.advance(20 * MINUTE);
    const { fake } = await fleet.started();
    expect([await fake.verdict('a'), await fake.verdict('b'), await fake.verdict('c')]).toEqual([
      'unknown_key',
      'unknown_key',
      'ok',
    ]);
  });

  it('stays denied in this process when the entry was tampered with, and is written again', async () => {
    const fleet = new FleetFixture();
    const { fake, warnings } = await fleet.started();
    await fake.ring.deny('known');
    fleet.tamper((entry) => entry.replace('known', 'other'), 'denied');
    await fleet.clock.advance(20 * MINUTE);
    expect([await fake.verdict('known'), await fake.verdict('other'), warnings]).toEqual([
      'unknown_key',
      'unknown_key',
      ['wrong_signature'],
    ]);
    expect(await (await fleet.started()).fake.verdict('known')).toBe('unknown_key');
  });

  it('is denied in this process alone, which deny() reports, when there are too many to share', async () => {
    const fleet = new FleetFixture();
    const { fake, warnings } = await fleet.started();
    const kids = Array.from({ length: 1_000 }, (_, i) => `a${i}`);
    await Promise.all(kids.map((kid) => fake.ring.deny(kid)));
    expect([await fake.ring.deny('known'), warnings]).toEqual([false, ['denials_not_shared']]);
    expect([await fake.ring.deny('other'), warnings]).toEqual([false, ['denials_not_shared']]);
    expect(await fake.verdict('known')).toBe('unknown_key');
  });
});
