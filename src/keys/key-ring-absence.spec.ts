import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../test/support/constants.js';
import { QUIET, RingFixture } from '../../test/support/ring-fixture.js';
import { publicJwk } from '../../test/support/scripted-source.js';

/** What a token under this kid gets. */
const verdictOf = (fixture: RingFixture, kid: string): Promise<string> => fixture.verdict(kid);

describe('a token under an unknown kid gets 503 rather than 401', () => {
  it('when the fetch for it fails, however recent the last response is', async () => {
    const fixture = await RingFixture.started(QUIET);
    expect(await verdictOf(fixture, 'made up')).toBe('unknown_key');
    fixture.source.failWith(500);
    await fixture.clock.advance(SECOND);
    expect(await verdictOf(fixture, 'new')).toBe('keys_unavailable');
    expect(await verdictOf(fixture, 'known')).toBe('ok');
  });

  it('when the fetch for it gets no response', async () => {
    const fixture = await RingFixture.started(QUIET);
    fixture.source.holds = true;
    await fixture.clock.advance(SECOND);
    const verdict = verdictOf(fixture, 'new');
    await fixture.clock.advance(2 * SECOND);
    expect(await verdict).toBe('keys_unavailable');
  });

  it('when others made the rate limiter slow down, and the last response is older than its base interval', async () => {
    const fixture = await RingFixture.started(QUIET);
    await fixture.flood(3 * MINUTE, SECOND);
    fixture.source.keys = [...fixture.source.keys, publicJwk('new')];
    const seen = [];
    for (let second = 0; second < 60; second += 1) {
      seen.push(await verdictOf(fixture, 'new'));
      await fixture.clock.advance(SECOND);
    }
    expect(seen.filter((verdict) => verdict === 'unknown_key').length).toBeLessThanOrEqual(10);
    expect(seen).toContain('ok');
  });
});

describe('a token under an unknown kid gets 401', () => {
  it('not by a machine that slept since', async () => {
    const fixture = await RingFixture.started(QUIET);
    for (const kid of ['a', 'b', 'c']) await verdictOf(fixture, kid);
    expect(await verdictOf(fixture, 'd')).toBe('unknown_key');
    fixture.clock.moveWallClock(MINUTE);
    await fixture.clock.advance(1);
    expect(await verdictOf(fixture, 'd')).toBe('keys_unavailable');
  });
});
