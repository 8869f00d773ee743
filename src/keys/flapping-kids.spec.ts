import { describe, expect, it } from 'vitest';
import { publicJwk } from '../../test/support/fake-jwks-source.js';
import { FakeRing, MINUTE, QUIET } from '../../test/support/fake-ring.js';

describe('an issuer whose replicas serve two sets', () => {
  it('lets tokens under keys of both pass, as it serves them in turn', async () => {
    const fake = await FakeRing.started(QUIET);
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    fake.source.onAsk = () => (fake.source.keys = [fake.source.asked % 2 === 0 ? one : two]);
    for (let i = 0; i < 20; i += 1) {
      expect([await fake.ask('one'), await fake.ask('two')]).toEqual(['ok', 'ok']);
      await fake.clock.advance(1_000);
    }
  });

  it('never gets 401 for a key that comes and goes, but does for one that never was', async () => {
    const fake = await FakeRing.started(QUIET);
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    for (const keys of [[one], [two], [one], [two]]) {
      fake.source.keys = keys;
      await fake.ring.refresh();
    }
    expect(await fake.ask('one')).toBe('keys_unavailable');
    expect(await fake.ask('two')).toBe('ok');
    await fake.clock.advance(MINUTE);
    expect(await fake.ask('never was')).toBe('unknown_key');
  });

  it('is believed again when one set has lasted for ten minutes', async () => {
    const fake = await FakeRing.started(QUIET);
    const [one, two] = [publicJwk('one'), publicJwk('two')];
    for (const keys of [[one], [two], [one], [two]]) {
      fake.source.keys = keys;
      await fake.ring.refresh();
    }
    await fake.clock.advance(10 * MINUTE);
    expect(await fake.ask('one')).toBe('unknown_key');
  });
});
