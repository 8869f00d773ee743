import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../test/support/constants.js';
import { RingFixture, REFRESH_AFTER } from '../../test/support/ring-fixture.js';
import { LONGEST_DELAY_MS } from '../common/clock.js';

/** The delays between one failure and the next. */
async function delaysOf(fake: RingFixture, failures: number): Promise<number[]> {
  const delays: number[] = [];
  for (let i = 0; i < failures; i += 1) {
    const delay = fake.ring.status.nextRefreshInMs;
    delays.push(delay);
    await fake.clock.advance(delay);
  }
  return delays;
}

/** A ring with keys whose issuer fails from now on, and whose random delays are the longest. */
async function failing(status: number, retryAfterMs?: number): Promise<RingFixture> {
  const fake = await RingFixture.started({ random: () => 1 });
  fake.source.failWith(status, retryAfterMs);
  await fake.ring.refresh();
  return fake;
}

describe('a refresh', () => {
  it.each([
    [0, 7 * MINUTE],
    [0.5, 8 * MINUTE],
    [1, 9 * MINUTE],
  ])('is due ahead of maxAge, with the random number %d', async (drawn, dueIn) => {
    const fake = await RingFixture.started({ random: () => drawn });
    expect(fake.ring.status.nextRefreshInMs).toBeCloseTo(dueIn, 6);
    await fake.clock.advance(dueIn + 1);
    expect(fake.source.fetches).toBe(2);
  });

  it('gets a new random delay each time, without end', async () => {
    const draws = [0, 1, 0.5, 0];
    const fake = await RingFixture.started({ random: () => draws.shift() ?? 0.5 });
    const delays = await delaysOf(fake, 4);
    expect(delays.map((delay) => Math.round(delay / MINUTE))).toEqual([7, 9, 8, 7]);
    await fake.clock.advance(DAY);
    expect(fake.source.fetches).toBeGreaterThan(170);
  });

  it('leaves one timer, whatever happened before', async () => {
    const fake = await RingFixture.started();
    await fake.verdict('made up');
    await fake.ring.refresh();
    fake.source.failWith(500);
    await fake.clock.advance(HOUR);
    expect(fake.clock.pending).toBe(1);
  });

  it('continues when a listener to events throws', async () => {
    const fake = await RingFixture.started({
      onEvent: () => {
        throw new Error('the logger is broken');
      },
    });
    fake.source.failWith(500);
    await fake.clock.advance(REFRESH_AFTER);
    fake.source.error = undefined;
    await fake.clock.advance(MINUTE);
    expect(fake.ring.status).toMatchObject({ state: 'FRESH', lastError: undefined });
  });

  it('is not delayed by a maxAge beyond the longest timer', async () => {
    const fake = await RingFixture.started({ maxAgeMs: 2 ** 40, staleIfErrorMs: 0 });
    expect(fake.ring.status.nextRefreshInMs).toBe(LONGEST_DELAY_MS);
  });

  it('ends at its deadline, on the injected clock', async () => {
    const fake = await RingFixture.started();
    fake.source.holds = true;
    const refresh = fake.ring.refresh();
    await fake.clock.advance(4_999);
    expect(fake.source.signal?.aborted).toBe(false);
    await fake.clock.advance(1);
    expect(await refresh).toBe(false);
    expect(fake.ring.status.lastError).toMatchObject({ code: 'timeout' });
  });
});

describe('the back-off', () => {
  it('doubles from 1 s to 60 s with keys in memory, and starts again after a response', async () => {
    const fake = await failing(500);
    const expected = [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000);
    expect(await delaysOf(fake, 8)).toEqual(expected);
    fake.source.error = undefined;
    await fake.ring.refresh();
    fake.source.failWith(500);
    await fake.ring.refresh();
    expect(fake.ring.status.nextRefreshInMs).toBe(1_000);
  });

  it('doubles from 0.5 s to 15 s without keys', async () => {
    const fake = new RingFixture({ random: () => 1 });
    fake.source.failWith(500);
    await fake.ring.start();
    expect(await delaysOf(fake, 7)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it('is random in half of each delay', async () => {
    const fake = await RingFixture.started({ random: () => 0 });
    fake.source.failWith(500);
    await fake.ring.refresh();
    expect(await delaysOf(fake, 3)).toEqual([500, 1_000, 2_000]);
  });

  it('never gives up', async () => {
    const fake = await failing(500);
    await fake.clock.advance(30 * DAY);
    fake.source.error = undefined;
    await fake.clock.advance(MINUTE);
    expect(fake.state).toBe('FRESH');
  });

  it.each([
    [429, 120_000, 120_000],
    [503, 120_000, 120_000],
    [429, 1, 5_000],
    [503, 86_400_000, 600_000],
    [500, 120_000, 1_000],
  ])('after %d with Retry-After of %d ms is %d ms', async (status, retryAfterMs, delay) => {
    const fake = await failing(status, retryAfterMs);
    expect(fake.ring.status.nextRefreshInMs).toBe(delay);
  });

  it.each([429, 503])('doubles from 30 s to 10 min after %d without Retry-After', async (status) => {
    const fake = await failing(status);
    const expected = [30, 60, 120, 240, 480, 600, 600].map((seconds) => seconds * 1_000);
    expect(await delaysOf(fake, 7)).toEqual(expected);
  });

  it('counts 429 apart from other failures', async () => {
    const fake = await failing(500);
    await fake.clock.advance(HOUR);
    fake.source.failWith(429);
    await fake.ring.refresh();
    expect(fake.ring.status.nextRefreshInMs).toBe(30_000);
  });
});

describe('the watchdog', () => {
  it('lets a request start a refresh that is more than 5 s overdue, without waiting for it', async () => {
    const fake = await RingFixture.started();
    fake.clock.loseTimers();
    await fake.clock.advance(REFRESH_AFTER + 5_000);
    expect([await fake.verdict('known'), fake.source.fetches]).toEqual(['ok', 1]);
    await fake.clock.advance(1);
    fake.source.holds = true;
    expect([await fake.verdict('known'), fake.source.fetches]).toEqual(['ok', 2]);
    expect([await fake.verdict('known'), fake.source.fetches]).toEqual(['ok', 2]);
  });

  it('detects by the wall clock that the machine was suspended', async () => {
    const fake = await RingFixture.started();
    fake.clock.moveWallClock(REFRESH_AFTER);
    expect([await fake.verdict('known'), fake.source.fetches]).toEqual(['ok', 1]);
    fake.clock.moveWallClock(5_001);
    expect([await fake.verdict('known'), fake.source.fetches]).toEqual(['ok', 2]);
  });

  it('detects that a back-off ended while the machine was suspended', async () => {
    const fake = await failing(429, 600_000);
    fake.source.error = undefined;
    await fake.verdict('known');
    expect(fake.ring.status.lastError).toBeDefined();
    fake.clock.moveWallClock(HOUR);
    await fake.verdict('known');
    await fake.clock.advance(0);
    expect(fake.ring.status.lastError).toBeUndefined();
  });

  it('ignores a wall clock that was set back', async () => {
    const fake = await RingFixture.started();
    fake.clock.moveWallClock(-DAY);
    expect([await fake.verdict('known'), fake.source.fetches]).toEqual(['ok', 1]);
    await fake.clock.advance(REFRESH_AFTER);
    expect(fake.source.fetches).toBe(2);
  });
});
