import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/fake-clock.js';
import { FakeRing, HOUR, MINUTE } from '../../test/support/fake-ring.js';

const DAY = 24 * HOUR;

/** A ring in this state, whose issuer fails. */
async function failingRing(state: string): Promise<FakeRing> {
  const fake = new FakeRing();
  if (state !== 'EMPTY') await fake.ring.start();
  fake.source.failWith(500);
  if (state === 'STALE') await fake.clock.advance(11 * MINUTE);
  if (state === 'EXPIRED') await fake.clock.advance(DAY + 10 * MINUTE);
  expect(fake.state).toBe(state);
  return fake;
}

describe('a token whose key is in memory', () => {
  it.each(['FRESH', 'STALE'])('is served without waiting in %s, while a question hangs', async (state) => {
    const fake = await failingRing(state);
    fake.source.holds = true;
    void fake.ring.refresh();
    await settle();
    const asked = fake.source.asked;
    expect(await fake.ask('known')).toBe('ok');
    expect(fake.source.asked).toBe(asked);
  });

  it.each(['EMPTY', 'EXPIRED'])(
    'gets 503 in %s when the issuer fails, and is served once it is back',
    async (state) => {
      const fake = await failingRing(state);
      const refusal = await fake.refusalOf('known');
      expect(refusal).toMatchObject({ code: 'keys_unavailable', cause: { status: 500 } });
      expect(refusal.retryAfterMs).toBeGreaterThan(0);
      fake.source.error = undefined;
      await fake.clock.advance(MINUTE);
      expect(await fake.ask('known')).toBe('ok');
      expect(fake.state).toBe('FRESH');
    },
  );

  it.each(['EMPTY', 'EXPIRED'])('starts a flight in %s that all share, and waits for it', async (state) => {
    const fake = new FakeRing({ lifetime: { maxAgeMs: 1_000, staleForMs: 0 } });
    if (state === 'EXPIRED') await fake.ring.start();
    fake.source.holds = true;
    await fake.clock.advance(1_000);
    const asked = fake.source.asked;
    expect(fake.state).toBe(state);
    const answers = Promise.all(Array.from({ length: 1_000 }, () => fake.ask('known')));
    await settle();
    expect(fake.source.asked).toBe(Math.max(1, asked));
    fake.source.answer();
    expect(new Set(await answers)).toEqual(new Set(['ok']));
  });

  it('asks nothing in EXPIRED while a back-off is running, and says how long that takes', async () => {
    const fake = await failingRing('EXPIRED');
    await fake.ring.refresh();
    const asked = fake.source.asked;
    const { retryAfterMs = 0 } = await fake.refusalOf('known');
    expect(fake.source.asked).toBe(asked);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(15_000);
  });
});

describe('without keys', () => {
  it('a request waits for 5 seconds and no longer', async () => {
    const fake = new FakeRing({ timeoutMs: 60_000 });
    fake.source.holds = true;
    let answer: string | undefined;
    void fake.ask('known').then((code) => (answer = code));
    await fake.clock.advance(4_999);
    expect(answer).toBeUndefined();
    await fake.clock.advance(1);
    expect(answer).toBe('keys_unavailable');
  });

  it('the 1,001st request does not wait', async () => {
    const fake = new FakeRing();
    fake.source.holds = true;
    const waiting = Array.from({ length: 1_000 }, () => fake.ask('known'));
    expect(await fake.ask('known')).toBe('keys_unavailable');
    fake.source.answer();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ok']));
    expect(await fake.ask('known')).toBe('ok');
  });

  it('a request that nobody waits for any more ends nothing for the others', async () => {
    const fake = new FakeRing();
    fake.source.holds = true;
    const first = fake.ask('known');
    await fake.clock.advance(4_000);
    const second = fake.ask('known');
    expect(fake.source.signal?.aborted).toBe(false);
    fake.source.answer();
    expect(await Promise.all([first, second])).toEqual(['ok', 'ok']);
    expect(fake.source.asked).toBe(1);
  });
});
