import { describe, expect, it } from 'vitest';
import { publicJwk } from '../../test/support/fake-jwks-source.js';
import { FakeRing, MINUTE } from '../../test/support/fake-ring.js';

describe('an empty set', () => {
  it('is honoured after three answers a minute apart, and not before', async () => {
    const fake = await FakeRing.started();
    fake.source.keys = [];
    for (const passes of [0, 59_999, 1]) {
      await fake.clock.advance(passes);
      expect(await fake.ring.refresh()).toBe(false);
      expect(await fake.ask('known')).toBe('ok');
    }
    fake.ring.close();
    await fake.clock.advance(MINUTE);
    expect(await fake.ask('known')).toBe('ok');
  });

  it('leaves a FRESH ring that refuses every token truly, and a key that comes back is accepted', async () => {
    const fake = await FakeRing.started();
    const { keys } = fake.source;
    fake.source.keys = [];
    await fake.ring.refresh();
    await fake.clock.advance(10 * MINUTE);
    expect([fake.state, fake.ring.status.kids]).toEqual(['FRESH', []]);
    expect(fake.events.map(({ type }) => type)).toContain('keys_withdrawn');
    expect(await fake.ask('known')).toBe('unknown_key');
    fake.source.keys = [publicJwk('new'), ...keys];
    expect([await fake.ask('new'), await fake.ask('known')]).toEqual(['ok', 'ok']);
  });

  it('starts to count anew after an answer with keys', async () => {
    const fake = await FakeRing.started();
    const { keys } = fake.source;
    for (const answer of [[], [], keys, [], []]) {
      fake.source.keys = answer;
      await fake.ring.refresh();
      await fake.clock.advance(1);
    }
    expect(await fake.ask('known')).toBe('ok');
  });
});
