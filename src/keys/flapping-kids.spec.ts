import { describe, expect, it } from 'vitest';
import { publicJwk } from '../../test/support/scripted-source.js';
import { MINUTE } from '../../test/support/constants.js';
import { RingFixture, QUIET } from '../../test/support/ring-fixture.js';

describe('an issuer whose replicas serve two sets', () => {
  it('has tokens under keys of both accepted, while it alternates between them', async () => {
    const fake = await RingFixture.started(QUIET);
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    fake.source.onFetch = () => (fake.source.keys = [fake.source.fetches % 2 === 0 ? one : two]);
    for (let i = 0; i < 20; i += 1) {
      expect([await fake.verdict('one'), await fake.verdict('two')]).toEqual(['ok', 'ok']);
      await fake.clock.advance(1_000);
    }
  });

  it('gets 503, not 401, for a flapping kid, and 401 for one that was never published', async () => {
    const fake = await RingFixture.started(QUIET);
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    for (const keys of [[one], [two], [one], [two]]) {
      fake.source.keys = keys;
      await fake.ring.refresh();
    }
    expect(await fake.verdict('one')).toBe('keys_unavailable');
    expect(await fake.verdict('two')).toBe('ok');
    await fake.clock.advance(MINUTE);
    expect(await fake.verdict('never was')).toBe('unknown_key');
  });

  it('gets 401 for the missing kid again, once one set has lasted for ten minutes', async () => {
    const fake = await RingFixture.started(QUIET);
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    for (const keys of [[one], [two], [one], [two]]) {
      fake.source.keys = keys;
      await fake.ring.refresh();
    }
    await fake.clock.advance(10 * MINUTE);
    expect(await fake.verdict('one')).toBe('unknown_key');
  });
});
