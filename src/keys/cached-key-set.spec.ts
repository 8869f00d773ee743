import { describe, expect, it } from 'vitest';
import { publicJwk } from '../../test/support/scripted-source.js';
import { RingFixture, REFRESH_AFTER } from '../../test/support/ring-fixture.js';

describe('an accepted response', () => {
  it('drops a key that it no longer holds', async () => {
    const fake = await RingFixture.started();
    fake.source.keys = [publicJwk('new')];
    await fake.clock.advance(REFRESH_AFTER);
    expect([await fake.verdict('new'), await fake.verdict('known')]).toEqual(['ok', 'unknown_key']);
  });

  it('replaces the material under a kid', async () => {
    const fake = await RingFixture.started();
    const [old] = await fake.ring.lookUp('known', 'ES256');
    const { generation } = fake.ring;
    fake.source.keys = [publicJwk('known')];
    await fake.ring.refresh();
    const [fresh] = await fake.ring.lookUp('known', 'ES256');
    expect(fake.ring.generation).toBe(generation + 1);
    expect(old && fake.ring.holds(old)).toBe(false);
    expect(fresh && fake.ring.holds(fresh)).toBe(true);
  });

  it('leaves the generation as it is when no key has changed', async () => {
    const fake = await RingFixture.started();
    const { generation } = fake.ring;
    fake.source.keys = [...fake.source.keys];
    expect(await fake.ring.refresh()).toBe(true);
    expect(fake.ring.generation).toBe(generation);
  });

  it('with status 304 resets the age of the keys, and imports none', async () => {
    const fake = await RingFixture.started();
    const before = await fake.ring.lookUp('known', 'ES256');
    fake.source.status = 304;
    fake.source.keys = [];
    await fake.clock.advance(REFRESH_AFTER);
    expect(fake.ring.status).toMatchObject({ ageMs: 0, kids: ['known'], nextRefreshInMs: REFRESH_AFTER });
    const [[key], [same]] = [before, await fake.ring.lookUp('known', 'ES256')];
    expect(same).toBe(key);
  });

  it('yields at most three candidates under one kid', async () => {
    const fake = new RingFixture();
    fake.source.keys = Array.from({ length: 10 }, () => publicJwk('twin'));
    await fake.ring.start();
    expect(await fake.ring.lookUp('twin', 'ES256')).toHaveLength(3);
  });
});

describe('a denied key', () => {
  it('is out at once, stays out through refreshes, and causes no fetch', async () => {
    const fake = await RingFixture.started();
    expect(await fake.verdict('known')).toBe('ok');
    fake.ring.deny('known');
    await fake.ring.refresh();
    const { fetches } = fake.source;
    expect(await fake.verdict('known')).toBe('unknown_key');
    expect(fake.source.fetches).toBe(fetches);
    expect(fake.events.map(({ type }) => type)).not.toContain('keys_withdrawn');
  });

  it('is refused before the first keys are in, when the options deny it', async () => {
    const fake = new RingFixture({ deniedKids: ['known'] });
    expect(await fake.verdict('known')).toBe('unknown_key');
    expect(await fake.verdict('another')).toBe('unknown_key');
    expect(fake.state).toBe('FRESH');
  });
});
