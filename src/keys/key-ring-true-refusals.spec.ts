import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../test/support/constants.js';
import { RingFixture, QUIET } from '../../test/support/ring-fixture.js';
import { publicJwk } from '../../test/support/scripted-source.js';
import { JwksFetchError } from '../http/jwks-fetch.error.js';

/** A ring whose issuer has published one more key, which the ring has not seen. */
async function behindItsIssuer(): Promise<RingFixture> {
  const fake = await RingFixture.started(QUIET);
  fake.source.keys = [...fake.source.keys, publicJwk('new')];
  return fake;
}

describe('a token under a new key, while the keys in memory are a second old', () => {
  it.each(['network', 'timeout', 'not_json', 'http_status'] as const)(
    'gets 503 when the fetch made for it fails with %s, and so do those that follow in the back-off',
    async (code) => {
      const fake = await behindItsIssuer();
      await fake.clock.advance(SECOND);
      fake.source.error = new JwksFetchError(code);
      expect([await fake.verdict('new'), await fake.verdict('new')]).toEqual([
        'keys_unavailable',
        'keys_unavailable',
      ]);
      expect(await fake.verdict('known')).toBe('ok');
      fake.source.error = undefined;
      await fake.clock.advance(SECOND);
      expect(await fake.verdict('new')).toBe('ok');
    },
  );

  it('gets 503 when the issuer does not respond while it waits', async () => {
    const fake = await behindItsIssuer();
    fake.source.holds = true;
    const [first, joined] = [fake.verdict('new'), fake.verdict('new')];
    await fake.clock.advance(2 * SECOND);
    expect([await first, await joined]).toEqual(['keys_unavailable', 'keys_unavailable']);
    fake.source.respond();
    await fake.clock.advance(0);
    expect([await fake.verdict('new'), await fake.verdict('made up')]).toEqual(['ok', 'unknown_key']);
  });

  it('gets 503 when the scheduled fetch that it joins fails', async () => {
    const fake = await behindItsIssuer();
    fake.source.holds = true;
    fake.source.failWith(503);
    const scheduled = fake.ring.refresh();
    await fake.clock.advance(100);
    const verdict = fake.verdict('new');
    fake.source.respond();
    expect([await scheduled, await verdict]).toEqual([false, 'keys_unavailable']);
    fake.source.error = undefined;
    await fake.ring.refresh();
    expect(await fake.verdict('new')).toBe('ok');
  });
});

describe('a trickle of made-up kids', () => {
  it('does not stretch the time for which a response counts as recent', async () => {
    const fake = await RingFixture.started(QUIET);
    await fake.flood(170 * SECOND, SECOND);
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    const verdicts = new Set<string>();
    for (let second = 0; second < 60; second += 1) {
      verdicts.add(await fake.verdict('new'));
      await fake.flood(SECOND, SECOND);
    }
    expect(verdicts).toEqual(new Set(['keys_unavailable', 'ok']));
    expect(await fake.verdict('known')).toBe('ok');
  });

  it('is refused with 401 as long as the last response is recent', async () => {
    const fake = await RingFixture.started(QUIET);
    expect(Object.keys(await fake.flood(MINUTE, SECOND))).toEqual(['unknown_key']);
  });
});

describe('a response that is recent by the monotonic clock alone', () => {
  it('proves nothing after the machine has slept', async () => {
    const fake = await RingFixture.started(QUIET);
    for (const kid of ['a', 'b', 'c']) await fake.verdict(kid);
    await fake.clock.advance(1);
    expect(await fake.verdict('new')).toBe('unknown_key');
    fake.clock.moveWallClock(MINUTE);
    fake.source.keys = [...fake.source.keys, publicJwk('new')];
    expect(await fake.verdict('new')).toBe('keys_unavailable');
  });
});
