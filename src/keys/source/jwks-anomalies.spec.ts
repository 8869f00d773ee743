import { describe, expect, it } from 'vitest';
import { RingFixture } from '../../../test/support/ring-fixture.js';

const eventsOf = (fake: RingFixture, name: string) => fake.events.filter(({ type }) => type === name);
const dateOf = (fake: RingFixture, offsetMs: number) =>
  new Date(fake.clock.wallNow() + offsetMs).toUTCString();

describe('the clock of the issuer', () => {
  it.each([
    [-31_000, 31_000],
    [31_000, -31_000],
  ])('is reported once when its Date is %d ms from ours', async (offset, skewMs) => {
    const fake = new RingFixture();
    fake.source.headers = { date: dateOf(fake, offset) };
    await fake.ring.start();
    await fake.ring.refresh();
    expect(eventsOf(fake, 'clock_skew')).toEqual([expect.objectContaining({ skewMs })]);
  });

  it.each([
    ['30 s off', { offset: -30_000 }],
    ['old because a cache has kept the response', { offset: -600_000, age: '600' }],
  ])('is not reported when Date is %s', async (_, { offset, age }: { offset: number; age?: string }) => {
    const fake = new RingFixture();
    fake.source.headers = { date: dateOf(fake, offset), ...(age && { age }) };
    await fake.ring.start();
    expect(eventsOf(fake, 'clock_skew')).toEqual([]);
  });

  it('is not reported when Date is malformed', async () => {
    const fake = await RingFixture.started();
    fake.source.headers = { date: 'yesterday' };
    await fake.ring.refresh();
    expect(eventsOf(fake, 'clock_skew')).toEqual([]);
  });
});

describe('keys that are not used', () => {
  it('are reported once for each change, by reason, and leave the others in use', async () => {
    const fake = new RingFixture();
    const { keys } = fake.source;
    fake.source.keys = [...keys, null, { kty: 'oct', k: 'AAAA' }];
    await fake.ring.start();
    await fake.ring.refresh();
    expect(eventsOf(fake, 'keys_unusable')).toMatchObject([{ reasons: ['not_an_object', 'symmetric'] }]);
    expect(await fake.verdict('known')).toBe('ok');
    fake.source.keys = [...keys, null];
    await fake.ring.refresh();
    expect(eventsOf(fake, 'keys_unusable')).toHaveLength(2);
  });

  it('are reported again when one more is left out for the same reason, and not when their order changes', async () => {
    const fake = new RingFixture();
    const { keys } = fake.source;
    const [one, other] = ['one', 'other'].map((kid) => ({ kty: 'oct', k: 'AAAA', kid }));
    for (const published of [[one], [one, other], [other, one]]) {
      fake.source.keys = [...keys, ...published];
      await fake.ring.refresh();
    }
    expect(eventsOf(fake, 'keys_unusable')).toMatchObject([
      { keys: [{ kid: 'one' }] },
      { keys: [{ kid: 'one' }, { kid: 'other' }] },
    ]);
    expect(await fake.verdict('known')).toBe('ok');
  });
});
