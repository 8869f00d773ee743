import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/manual-clock.js';
import { publicJwk } from '../../test/support/scripted-source.js';
import { DAY, HOUR, MINUTE } from '../../test/support/constants.js';
import { RingFixture } from '../../test/support/ring-fixture.js';

/** A ring of a dynamic issuer that has become idle. */
async function idleRing(changes: Parameters<typeof RingFixture.started>[0] = {}): Promise<RingFixture> {
  const fake = await RingFixture.started({ mayIdle: true, ...changes });
  await fake.verdict('known');
  await fake.clock.advance(64 * MINUTE);
  expect(fake.ring.status.isIdle).toBe(true);
  return fake;
}

describe('an unused ring', () => {
  it('refreshes on schedule for an hour, and then once every half of staleIfErrorMs', async () => {
    const fake = await idleRing();
    expect(fake.source.fetches).toBe(9);
    await fake.clock.advance(12 * HOUR - 1);
    expect(fake.source.fetches).toBe(9);
    await fake.clock.advance(1);
    expect(fake.source.fetches).toBe(10);
    await fake.clock.advance(10 * DAY);
    expect(fake.source.fetches).toBe(30);
    expect(await fake.verdict('known')).toBe('ok');
  });

  it('never becomes idle when its issuer is one of a list', async () => {
    const fake = await RingFixture.started();
    await fake.clock.advance(80 * HOUR);
    expect(fake.source.fetches).toBe(601);
  });

  it('does not become idle while it is used once an hour', async () => {
    const fake = await RingFixture.started({ mayIdle: true });
    for (let hour = 0; hour < 10; hour += 1) {
      await fake.clock.advance(59 * MINUTE);
      expect(fake.ring.status.isIdle).toBe(false);
      fake.ring.watch();
    }
  });

  it('serves at once when it is used again, and refreshes in the background', async () => {
    const fake = await idleRing();
    await fake.clock.advance(11 * HOUR);
    fake.source.holds = true;
    const { fetches } = fake.source;
    expect([fake.state, await fake.verdict('known')]).toEqual(['STALE', 'ok']);
    await fake.clock.advance(0);
    expect(fake.source.fetches).toBe(fetches + 1);
    fake.source.respond();
    await settle();
    expect(fake.ring.status).toMatchObject({ state: 'FRESH', isIdle: false, nextRefreshInMs: 8 * MINUTE });
  });

  it('accepts a token under a new key after the pause', async () => {
    const fake = await idleRing();
    await fake.clock.advance(11 * HOUR);
    fake.source.keys = [publicJwk('new')];
    expect(await fake.verdict('new')).toBe('ok');
  });

  it('retries every 24th of staleIfErrorMs while the issuer fails, and keeps its keys', async () => {
    const fake = await idleRing();
    await fake.clock.advance(12 * HOUR - MINUTE);
    fake.source.failWith(500);
    const { fetches } = fake.source;
    await fake.clock.advance(11 * HOUR + 2 * MINUTE);
    expect(fake.source.fetches).toBe(fetches + 12);
    expect(fake.state).toBe('STALE');
    fake.source.error = undefined;
    await fake.clock.advance(HOUR);
    expect(fake.ring.status).toMatchObject({ isIdle: true, lastError: undefined });
  });

  it('fetches when the back-off is over, if it is used again while the issuer fails', async () => {
    const fake = await idleRing();
    await fake.clock.advance(12 * HOUR - 1);
    fake.source.failWith(500);
    await fake.clock.advance(1);
    fake.source.error = undefined;
    expect(await fake.verdict('known')).toBe('ok');
    await fake.clock.advance(750);
    expect(fake.ring.status).toMatchObject({ state: 'FRESH', lastError: undefined });
  });

  it('does not become idle without a staleIfErrorMs that would bridge the pause', async () => {
    const fake = await RingFixture.started({ mayIdle: true, maxAgeMs: MINUTE, staleIfErrorMs: 0 });
    await fake.clock.advance(3 * HOUR);
    expect([fake.state, fake.source.fetches]).toEqual(['FRESH', 226]);
  });
});
