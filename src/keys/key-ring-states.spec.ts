import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { DAY, MINUTE } from '../../test/support/constants.js';
import { RingFixture } from '../../test/support/ring-fixture.js';

/** A ring in this state, whose issuer fails. */
async function failingRing(state: string): Promise<RingFixture> {
  const fake = new RingFixture();
  if (state !== 'EMPTY') await fake.ring.start();
  fake.source.failWith(500);
  if (state === 'STALE') await fake.clock.advance(11 * MINUTE);
  if (state === 'EXPIRED') await fake.clock.advance(DAY + 10 * MINUTE);
  expect(fake.state).toBe(state);
  return fake;
}

describe('a token whose key is in memory', () => {
  it.each(['FRESH', 'STALE'])('is served without waiting in %s, while a fetch hangs', async (state) => {
    const fake = await failingRing(state);
    fake.source.holds = true;
    void fake.ring.refresh();
    await settle();
    const fetches = fake.source.fetches;
    expect(await fake.verdict('known')).toBe('ok');
    expect(fake.source.fetches).toBe(fetches);
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
      expect(await fake.verdict('known')).toBe('ok');
      expect(fake.state).toBe('FRESH');
    },
  );

  it.each(['EMPTY', 'EXPIRED'])('starts one fetch in %s, which all share and wait for', async (state) => {
    const fake = new RingFixture({ maxAgeMs: 1_000, staleIfErrorMs: 0 });
    if (state === 'EXPIRED') await fake.ring.start();
    fake.source.holds = true;
    await fake.clock.advance(1_000);
    const fetches = fake.source.fetches;
    expect(fake.state).toBe(state);
    const verdicts = Promise.all(Array.from({ length: 1_000 }, () => fake.verdict('known')));
    await settle();
    expect(fake.source.fetches).toBe(Math.max(1, fetches));
    fake.source.respond();
    expect(new Set(await verdicts)).toEqual(new Set(['ok']));
  });

  it('causes no fetch in EXPIRED during a back-off, and gets 503 with the time that is left', async () => {
    const fake = await failingRing('EXPIRED');
    await fake.ring.refresh();
    const fetches = fake.source.fetches;
    const { retryAfterMs = 0 } = await fake.refusalOf('known');
    expect(fake.source.fetches).toBe(fetches);
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(15_000);
  });
});

describe('without keys', () => {
  it('a request waits for 5 seconds and no longer', async () => {
    const fake = new RingFixture({ timeoutMs: 60_000 });
    fake.source.holds = true;
    let verdict: string | undefined;
    void fake.verdict('known').then((code) => (verdict = code));
    await fake.clock.advance(4_999);
    expect(verdict).toBeUndefined();
    await fake.clock.advance(1);
    expect(verdict).toBe('keys_unavailable');
  });

  it('the 1,001st request gets 503 without waiting', async () => {
    const fake = new RingFixture();
    fake.source.holds = true;
    const waiting = Array.from({ length: 1_000 }, () => fake.verdict('known'));
    expect(await fake.verdict('known')).toBe('keys_unavailable');
    fake.source.respond();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ok']));
    expect(await fake.verdict('known')).toBe('ok');
  });

  it('a request that times out does not cancel the fetch for the others', async () => {
    const fake = new RingFixture();
    fake.source.holds = true;
    const first = fake.verdict('known');
    await fake.clock.advance(4_000);
    const second = fake.verdict('known');
    expect(fake.source.signal?.aborted).toBe(false);
    fake.source.respond();
    expect(await Promise.all([first, second])).toEqual(['ok', 'ok']);
    expect(fake.source.fetches).toBe(1);
  });
});
