import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { publicJwk } from '../../test/support/scripted-source.js';
import { DAY, MINUTE } from '../../test/support/constants.js';
import { RingFixture, QUIET } from '../../test/support/ring-fixture.js';
import { JwksFetchError } from '../http/jwks-fetch.error.js';

/** A ring whose rate limiter has no permit left. */
async function spentRing(): Promise<RingFixture> {
  const fake = await RingFixture.started(QUIET);
  for (const kid of ['a', 'b', 'c']) await fake.verdict(kid);
  return fake;
}

describe('an unknown kid', () => {
  it('causes a fetch; 401 when the response lacks it, accepted when it holds it', async () => {
    const fake = await RingFixture.started();
    expect(await fake.verdict('made up')).toBe('unknown_key');
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    expect(await fake.verdict('new')).toBe('ok');
    expect(fake.source.fetches).toBe(3);
  });

  it('is treated in STALE as in FRESH', async () => {
    const fake = await RingFixture.started(QUIET);
    fake.source.failWith(500);
    await fake.clock.advance(DAY);
    expect(fake.state).toBe('STALE');
    expect(await fake.verdict('made up')).toBe('keys_unavailable');
    fake.source.error = undefined;
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    await fake.clock.advance(MINUTE);
    expect(await fake.verdict('new')).toBe('ok');
    await fake.clock.advance(MINUTE);
    expect(await fake.verdict('made up')).toBe('unknown_key');
  });

  it('gets 401 without a fetch within the refill interval, since the last response is recent', async () => {
    const fake = await spentRing();
    const { fetches } = fake.source;
    await fake.clock.advance(9_999);
    expect(await fake.verdict('d')).toBe('unknown_key');
    expect(fake.source.fetches).toBe(fetches);
    await fake.clock.advance(1);
    expect(await fake.verdict('d')).toBe('unknown_key');
    expect(fake.source.fetches).toBe(fetches + 1);
  });

  it('gets 503 when the fetch fails and no recent response proves the kid absent', async () => {
    const fake = await RingFixture.started(QUIET);
    await fake.clock.advance(MINUTE);
    fake.source.failWith(500);
    expect(await fake.refusalOf('made up')).toMatchObject({
      code: 'keys_unavailable',
      cause: { status: 500 },
    });
    expect(await fake.verdict('known')).toBe('ok');
  });

  it.each([
    ['a back-off', undefined, 500],
    ['Retry-After', 120_000, 429],
  ])('causes no fetch during %s, and gets 503', async (_, retryAfterMs, status) => {
    const fake = await RingFixture.started(QUIET);
    await fake.clock.advance(MINUTE);
    fake.source.failWith(status, retryAfterMs);
    await fake.ring.refresh();
    fake.source.error = undefined;
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    const { fetches } = fake.source;
    const { code, retryAfterMs: waitMs } = await fake.refusalOf('new');
    expect([code, waitMs]).toEqual(['keys_unavailable', retryAfterMs ?? 750]);
    expect(fake.source.fetches).toBe(fetches);
    await fake.clock.advance(waitMs ?? 0);
    expect(await fake.verdict('new')).toBe('ok');
  });

  it('waits for 2 seconds and no longer', async () => {
    const fake = await RingFixture.started(QUIET);
    await fake.clock.advance(MINUTE);
    fake.source.holds = true;
    let verdict: string | undefined;
    void fake.verdict('made up').then((code) => (verdict = code));
    await fake.clock.advance(1_999);
    expect(verdict).toBeUndefined();
    await fake.clock.advance(1);
    expect(verdict).toBe('keys_unavailable');
  });

  it('gets 503 without waiting as the 1,001st, while those that wait are served', async () => {
    const fake = await RingFixture.started(QUIET);
    await fake.clock.advance(MINUTE);
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    fake.source.holds = true;
    const waiting = Array.from({ length: 1_000 }, () => fake.verdict('new'));
    expect(await fake.verdict('new')).toBe('keys_unavailable');
    fake.source.respond();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ok']));
  });

  it('is fetched for again when the fetch in flight that it joined had started earlier', async () => {
    const fake = await RingFixture.started(QUIET);
    await fake.clock.advance(MINUTE);
    fake.source.holds = true;
    void fake.ring.refresh();
    await fake.clock.advance(1_000);
    // Published after the request reached the issuer, and before the response.
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    const verdict = fake.verdict('new');
    await settle();
    fake.source.respond();
    expect(await verdict).toBe('ok');
    expect(fake.source.fetches).toBe(3);
  });

  it('gets 503, not 401, when the only recent response is to a request from before it came', async () => {
    // One permit in 200 ms: a response that took longer proves nothing about a token that came meanwhile.
    const fake = await RingFixture.started({ ...QUIET, jwksRequestsPerMinute: 300 });
    for (const kid of ['a', 'b', 'c']) await fake.verdict(kid);
    fake.source.holds = true;
    const manual = fake.ring.refresh();
    await fake.clock.advance(150);
    const verdict = fake.verdict('new');
    await fake.clock.advance(1_000);
    fake.source.error = new JwksFetchError('network');
    fake.source.respond();
    expect(await manual).toBe(true);
    expect(await verdict).toBe('keys_unavailable');
    fake.source.error = undefined;
    await fake.clock.advance(MINUTE);
    expect(await fake.verdict('new')).toBe('unknown_key');
  });
});
