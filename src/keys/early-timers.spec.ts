import { captureSpans, type CapturedSpans } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MINUTE } from '../../test/support/constants.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RingFixture } from '../../test/support/ring-fixture.js';

let spans: CapturedSpans;
beforeEach(async () => void (spans = await captureSpans()));
afterEach(() => spans.stop());

/** Its timers count whole milliseconds, as those of Node do. */
class WholeMillisecondClock extends ManualClock {
  override after(delayMs: number, run: () => void): () => void {
    return super.after(Math.max(1, Math.trunc(delayMs) - 1), run);
  }
}

it('a timer that fires a fraction of a millisecond early waits for the rest, and fetches from the issuer', async () => {
  const fake = await RingFixture.started({ clock: new WholeMillisecondClock(), random: () => 0.123_456_7 });
  fake.source.failWith(500);
  await fake.clock.advance(20 * MINUTE);
  const fetches = spans.named('jwks.fetch');
  expect(fetches.length).toBe(fake.source.fetches);
  expect(fake.source.fetches).toBeGreaterThan(15);
  expect(new Set(fetches.map(({ attributes }) => attributes['jwks.fetch.source']))).toEqual(
    new Set(['issuer']),
  );
});

it('without a store, nothing is refreshed while the issuer must be left alone', async () => {
  const fake = new RingFixture();
  fake.source.failWith(429, 60_000);
  await fake.ring.start();
  await fake.ring.start();
  expect([fake.source.fetches, spans.named('jwks.fetch').length]).toEqual([1, 1]);
  fake.source.error = undefined;
  await fake.clock.advance(MINUTE);
  expect(await fake.verdict('known')).toBe('ok');
  expect(spans.named('jwks.fetch').map(({ attributes }) => attributes['jwks.fetch.source'])).toEqual([
    'issuer',
    'issuer',
  ]);
});
