import { describe, expect, it } from 'vitest';
import { publicJwk } from '../../../test/support/scripted-source.js';
import { MINUTE } from '../../../test/support/constants.js';
import { RingFixture } from '../../../test/support/ring-fixture.js';

describe('the validation of an empty set', () => {
  it('accepts it after three responses a minute apart, and not before', async () => {
    const fake = await RingFixture.started();
    fake.source.keys = [];
    for (const passes of [0, 59_999, 1]) {
      await fake.clock.advance(passes);
      expect(await fake.ring.refresh()).toBe(false);
      expect(await fake.verdict('known')).toBe('ok');
    }
    fake.ring.close();
    await fake.clock.advance(MINUTE);
    expect(await fake.verdict('known')).toBe('ok');
  });

  it('leaves a FRESH ring that refuses every token with 401, and accepts a key that comes back', async () => {
    const fake = await RingFixture.started();
    const { keys } = fake.source;
    fake.source.keys = [];
    await fake.ring.refresh();
    await fake.clock.advance(10 * MINUTE);
    expect([fake.state, fake.ring.status.kids]).toEqual(['FRESH', []]);
    expect(fake.events.map(({ type }) => type)).toContain('keys_withdrawn');
    expect(await fake.verdict('known')).toBe('unknown_key');
    fake.source.keys = [publicJwk('new'), ...keys];
    expect([await fake.verdict('new'), await fake.verdict('known')]).toEqual(['ok', 'ok']);
  });

  it('counts from the beginning after a response with keys', async () => {
    const fake = await RingFixture.started();
    const { keys } = fake.source;
    for (const published of [[], [], keys, [], []]) {
      fake.source.keys = published;
      await fake.ring.refresh();
      await fake.clock.advance(1);
    }
    expect(await fake.verdict('known')).toBe('ok');
  });

  it('counts from the beginning after a 304, which confirms the keys in memory', async () => {
    const fake = await RingFixture.started();
    const { keys } = fake.source;
    for (const published of [[], [], keys, [], []]) {
      Object.assign(fake.source, { keys: published, status: published === keys ? 304 : 200 });
      expect(await fake.ring.refresh()).toBe(published === keys);
      await fake.clock.advance(MINUTE);
    }
    expect(await fake.verdict('known')).toBe('ok');
  });
});
