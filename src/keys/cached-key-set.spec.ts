import { describe, expect, it } from 'vitest';
import { publicJwk } from '../../test/support/fake-jwks-source.js';
import { FakeRing, REFRESH_AFTER } from '../../test/support/fake-ring.js';

describe('what an accepted answer changes', () => {
  it('drops a key that is not in it any more', async () => {
    const fake = await FakeRing.started();
    fake.source.keys = [publicJwk('new')];
    await fake.clock.advance(REFRESH_AFTER);
    expect([await fake.ask('new'), await fake.ask('known')]).toEqual(['ok', 'unknown_key']);
  });

  it('takes new material under the same kid, and no longer holds the old', async () => {
    const fake = await FakeRing.started();
    const [old] = await fake.ring.getKeys('known', 'ES256');
    const { generation } = fake.ring;
    fake.source.keys = [publicJwk('known')];
    await fake.ring.refresh();
    const [fresh] = await fake.ring.getKeys('known', 'ES256');
    expect(fake.ring.generation).toBe(generation + 1);
    expect(old && fake.ring.holds(old)).toBe(false);
    expect(fresh && fake.ring.holds(fresh)).toBe(true);
  });

  it('leaves the generation as it is when nothing has changed', async () => {
    const fake = await FakeRing.started();
    const { generation } = fake.ring;
    fake.source.keys = [...fake.source.keys];
    expect(await fake.ring.refresh()).toBe(true);
    expect(fake.ring.generation).toBe(generation);
  });

  it('is nothing when the answer is a 304, which makes the keys young again and imports none', async () => {
    const fake = await FakeRing.started();
    const before = await fake.ring.getKeys('known', 'ES256');
    fake.source.status = 304;
    fake.source.keys = [];
    await fake.clock.advance(REFRESH_AFTER);
    expect(fake.ring.status).toMatchObject({ ageMs: 0, kids: ['known'], nextRefreshInMs: REFRESH_AFTER });
    const [[key], [same]] = [before, await fake.ring.getKeys('known', 'ES256')];
    expect(same).toBe(key);
  });

  it('gives at most eight keys of one kid as candidates', async () => {
    const fake = new FakeRing();
    fake.source.keys = Array.from({ length: 10 }, () => publicJwk('twin'));
    await fake.ring.start();
    expect(await fake.ring.getKeys('twin', 'ES256')).toHaveLength(8);
  });
});

describe('a denied key', () => {
  it('is out at once, stays out through refreshes, and is not asked for', async () => {
    const fake = await FakeRing.started();
    expect(await fake.ask('known')).toBe('ok');
    fake.ring.deny('known');
    await fake.ring.refresh();
    const { asked } = fake.source;
    expect(await fake.ask('known')).toBe('unknown_key');
    expect(fake.source.asked).toBe(asked);
    expect(fake.events.map(({ type }) => type)).not.toContain('keys_withdrawn');
  });

  it('is refused before the first keys are in, when the options deny it', async () => {
    const fake = new FakeRing({ deniedKids: ['known'] });
    expect(await fake.ask('known')).toBe('unknown_key');
    expect(await fake.ask('another')).toBe('unknown_key');
    expect(fake.state).toBe('FRESH');
  });
});
