import { describe, expect, it } from 'vitest';
import { settle } from '../../../test/support/manual-clock.js';
import { publicJwk } from '../../../test/support/scripted-source.js';
import { DAY, HOUR, MINUTE } from '../../../test/support/constants.js';
import { RingFixture, QUIET } from '../../../test/support/ring-fixture.js';

describe('the rate limiter for unknown kids', () => {
  it('refunds the permit of a fetch that brings the kid, so that rotations are never limited', async () => {
    const fake = await RingFixture.started(QUIET);
    for (let i = 0; i < 20; i += 1) {
      fake.source.keys = [publicJwk(`new ${i}`)];
      expect(await fake.verdict(`new ${i}`)).toBe('ok');
    }
    expect(fake.source.fetches).toBe(21);
  });

  it('refunds one permit, not one for each request that waited', async () => {
    const fake = await RingFixture.started(QUIET);
    for (const kid of ['a', 'b']) await fake.verdict(kid);
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    fake.source.holds = true;
    const waiting = Array.from({ length: 10 }, () => fake.verdict('new'));
    fake.source.respond();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ok']));
    const { fetches } = fake.source;
    for (const kid of ['c', 'd', 'e']) await fake.verdict(kid);
    expect(fake.source.fetches).toBe(fetches + 1);
  });

  it('refunds the permit when the fetch brings the kid of a request that joined', async () => {
    const fake = await RingFixture.started(QUIET);
    for (let i = 0; i < 5; i += 1) {
      fake.source.keys = [publicJwk(`new ${i}`)];
      fake.source.holds = true;
      const verdicts = Promise.all([fake.verdict('made up'), fake.verdict(`new ${i}`)]);
      fake.source.respond();
      expect(await verdicts).toEqual(['unknown_key', 'ok']);
    }
  });

  it('refunds the permit when no request waits any more', async () => {
    const fake = await RingFixture.started({ ...QUIET, jwksRequestsPerMinute: 0.1 });
    for (let i = 0; i < 5; i += 1) {
      fake.source.keys = [publicJwk(`new ${i}`)];
      fake.source.holds = true;
      await fake.clock.advance(1);
      const verdict = fake.verdict(`new ${i}`);
      await fake.clock.advance(3_000);
      expect(await verdict).toBe('keys_unavailable');
      fake.source.respond();
      await settle();
      expect(await fake.verdict(`new ${i}`)).toBe('ok');
    }
  });

  it('refunds the permit of a fetch that fails', async () => {
    const fake = await RingFixture.started({ ...QUIET, jwksRequestsPerMinute: 0.1 });
    fake.source.failWith(500);
    for (let i = 0; i < 5; i += 1) {
      await fake.verdict('made up');
      // Ends the back-off, without the scheduled refresh that comes with its end.
      fake.clock.moveWallClock(fake.ring.status.nextRefreshInMs);
    }
    fake.source.error = undefined;
    expect(fake.source.fetches).toBe(6);
    for (const kid of ['a', 'b', 'c', 'd']) await fake.verdict(kid);
    expect(fake.source.fetches).toBe(9);
  });

  it('does not apply to scheduled refreshes', async () => {
    const fake = await RingFixture.started(QUIET);
    for (const kid of ['a', 'b', 'c']) await fake.verdict(kid);
    const { fetches } = fake.source;
    await fake.clock.advance(0.8 * DAY);
    expect(fake.source.fetches).toBe(fetches + 1);
  });
});

describe('a flood of made-up kids', () => {
  it('causes at most 9 fetches in the first minute, about one a minute later, and gets 401 where that is certain', async () => {
    const fake = await RingFixture.started(QUIET);
    const [minutes, verdicts]: [number[], string[][]] = [[], []];
    for (let minute = 0; minute < 6; minute += 1) {
      const before = fake.source.fetches;
      verdicts.push(Object.keys(await fake.flood(MINUTE, 100)));
      minutes.push(fake.source.fetches - before);
    }
    expect(minutes[0]).toBeLessThanOrEqual(9);
    expect(minutes.slice(2)).toEqual([1, 1, 1, 1]);
    expect(verdicts[0]).toEqual(['unknown_key']);
    // Later on, a response proves nothing about a key that was published since, for most of each minute.
    expect(verdicts[5]?.toSorted()).toEqual(['keys_unavailable', 'unknown_key']);
    expect(await fake.verdict('known')).toBe('ok');
  });

  it('gets 503 while the issuer is down, and causes no more fetches than the back-off allows', async () => {
    const fake = await RingFixture.started(QUIET);
    await fake.clock.advance(HOUR);
    fake.source.failWith(500);
    const { fetches } = fake.source;
    expect(Object.keys(await fake.flood(10 * MINUTE, 100))).toEqual(['keys_unavailable']);
    expect(fake.source.fetches - fetches).toBeLessThan(25);
    expect(await fake.verdict('known')).toBe('ok');
  });

  it.each([
    ['in the first minute', 30_000, 10_000],
    ['later', 10 * MINUTE, MINUTE],
  ])('holds back a key that is published %s for no longer than the limit', async (_, after, within) => {
    const fake = await RingFixture.started(QUIET);
    await fake.flood(after, 100);
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    await fake.flood(within, 100);
    expect(await fake.verdict('new')).toBe('ok');
  });

  it('no longer slows the refill after the first change of the key set, whoever fetched it', async () => {
    const fake = await RingFixture.started(QUIET);
    await fake.flood(10 * MINUTE, 1_000);
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    await fake.ring.refresh();
    const { fetches } = fake.source;
    await fake.flood(MINUTE, 1_000);
    expect(fake.source.fetches - fetches).toBeGreaterThanOrEqual(6);
  });
});
