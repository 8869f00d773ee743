import { describe, expect, it } from 'vitest';
import { FleetFixture } from '../../../test/support/fleet-fixture.js';
import { publicJwk } from '../../../test/support/scripted-source.js';
import { HOUR, ISSUER, MINUTE, OLD_SECRET, SECRET } from '../../../test/support/constants.js';
import { openEntry, sealEntry } from './sealed-entry.js';

describe('processes with one store', () => {
  it('start with the keys that another has fetched', async () => {
    const fleet = new FleetFixture();
    await fleet.started();
    const { fake, warnings } = await fleet.started();
    expect([fleet.source.fetches, fake.state, await fake.verdict('known')]).toEqual([1, 'FRESH', 'ok']);
    expect(fake.events).toMatchObject([{ type: 'keys_loaded', source: 'store' }]);
    expect(warnings).toEqual([]);
  });

  it('start during an outage with stale keys, whose age counts from the fetch', async () => {
    const fleet = new FleetFixture();
    const { fake: first } = await fleet.started();
    first.ring.close();
    fleet.source.failWith(500);
    await fleet.clock.advance(5 * HOUR);
    const { fake } = await fleet.started();
    expect([fake.state, fake.ring.status.ageMs, await fake.verdict('known')]).toEqual([
      'STALE',
      5 * HOUR,
      'ok',
    ]);
    await fleet.clock.advance(20 * HOUR);
    expect(fake.state).toBe('EXPIRED');
  });

  it('do not start with expired keys', async () => {
    const fleet = new FleetFixture();
    const { fake: first } = await fleet.started();
    first.ring.close();
    fleet.source.failWith(500);
    await fleet.clock.advance(25 * HOUR);
    expect((await fleet.started()).fake.state).toBe('EMPTY');
  });

  it('skip the refresh that one of them has made', async () => {
    const fleet = new FleetFixture();
    const early = await fleet.started({ random: () => 0 });
    const late = await fleet.started({ random: () => 1 });
    await fleet.clock.advance(9.5 * MINUTE);
    expect(fleet.source.fetches).toBe(2);
    expect(late.fake.ring.status.ageMs).toBe(early.fake.ring.status.ageMs);
    // The same keys confirmed: no change, no event.
    expect([late.fake.ring.generation, late.fake.events.length]).toEqual([1, 1]);
  });

  it('fetch at most a few times an hour, however many they are, from an issuer that takes a second', async () => {
    const fleet = new FleetFixture();
    const { clock, source } = fleet;
    let seed = 1;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let i = 0; i < 200; i += 1) await fleet.started({ random });
    source.onFetch = () => {
      source.holds = true;
      clock.after(1_000, () => source.respond());
    };
    await clock.advance(HOUR);
    // Six times maxAge: 200 processes on their own would have fetched some 1,500 times.
    expect(source.fetches).toBeLessThan(15);
  });

  it('find a new key in the store that another has fetched for an unknown kid', async () => {
    const fleet = new FleetFixture();
    const [one, other] = [await fleet.started(), await fleet.started()];
    await fleet.clock.advance(MINUTE);
    fleet.source.keys = [...fleet.source.keys, publicJwk('new')];
    expect(await one.fake.verdict('new')).toBe('ok');
    await fleet.clock.advance(MINUTE);
    expect(await other.fake.verdict('new')).toBe('ok');
    expect(fleet.source.fetches).toBe(2);
  });

  it('never take the store as proof that a key does not exist', async () => {
    const fleet = new FleetFixture();
    const [one, other] = [await fleet.started(), await fleet.started()];
    await fleet.clock.advance(MINUTE);
    expect(await one.fake.verdict('made up')).toBe('unknown_key');
    await fleet.clock.advance(1_000);
    fleet.source.failWith(500);
    expect(await other.fake.verdict('another')).toBe('keys_unavailable');
  });

  it('read the store during the Retry-After of the issuer', async () => {
    const fleet = new FleetFixture();
    fleet.source.failWith(429, 10 * MINUTE);
    const { fake } = await fleet.started();
    fleet.source.error = undefined;
    await fleet.started({ share: undefined });
    await fleet.started();
    const { fetches } = fleet.source;
    expect(fake.state).toBe('EMPTY');
    await fleet.clock.advance(16_000);
    expect([fake.state, await fake.verdict('known'), fleet.source.fetches]).toEqual(['FRESH', 'ok', fetches]);
  });

  it('send the validators of a response that another received', async () => {
    const fleet = new FleetFixture();
    fleet.source.headers = { etag: '"1"', 'cache-control': 'max-age=600', 'set-cookie': ['secret'] };
    await fleet.started();
    const { fake } = await fleet.started();
    await fake.ring.refresh();
    expect(fleet.source.previous?.headers).toEqual({ etag: '"1"', 'cache-control': 'max-age=600' });
  });

  it('fetch from the issuer on a manual refresh', async () => {
    const fleet = new FleetFixture();
    await fleet.started();
    const { fake } = await fleet.started();
    expect([await fake.ring.refresh(), fleet.source.fetches]).toEqual([true, 2]);
  });

  it('do not use the store once they are closed', async () => {
    const fleet = new FleetFixture();
    const { fake } = await fleet.started();
    fleet.entries.clear();
    fake.ring.close();
    expect(await fake.ring.deny('known')).toBe(false);
    await fake.ring.refresh();
    await fleet.clock.advance(HOUR);
    expect(fleet.entries.size).toBe(0);
  });
});

describe('an entry that is', () => {
  const forge = (change: (body: Record<string, unknown>) => object) => (entry: string) =>
    sealEntry('jwks', change(openEntry('jwks', entry, [SECRET])), [SECRET]);
  const wallAt = (deltaMs: number) =>
    forge((body) => ({ ...body, wallAt: Number(body['wallAt']) + deltaMs }));

  it.each([
    ['tampered with', (entry: string) => entry.replace('known', 'other'), 'wrong_signature'],
    ['truncated', (entry: string) => entry.slice(0, -9), 'wrong_signature'],
    ['no text', () => 42, 'malformed'],
    ['too large', (entry: string) => entry + ' '.repeat(9_000_000), 'too_large'],
    ['of another issuer', forge((body) => ({ ...body, issuer: 'https://other.test' })), 'foreign'],
    ['from the future', wallAt(31_000), 'future'],
    ['without a usable key', forge((body) => ({ ...body, keys: [{ kty: 'oct' }] })), 'unusable'],
    ['without any key', forge((body) => ({ ...body, keys: [] })), 'unusable'],
    ['without a time', forge((body) => ({ ...body, wallAt: null })), 'malformed'],
  ])('%s is refused with a warning, and the issuer is fetched from', async (_, change, reason) => {
    const fleet = new FleetFixture();
    await fleet.started();
    fleet.tamper(change);
    const { fake, warnings } = await fleet.started();
    expect([fleet.source.fetches, fake.state, warnings]).toEqual([2, 'FRESH', [reason]]);
    // The response of the issuer has replaced it, and the next process starts with that.
    expect((await fleet.started()).warnings).toEqual([]);
    expect(fleet.source.fetches).toBe(2);
  });

  it('older than what is in memory never replaces it, and is refused with a warning', async () => {
    const fleet = new FleetFixture();
    const { fake, warnings } = await fleet.started();
    fleet.tamper(wallAt(-31_000));
    await fleet.clock.advance(9 * MINUTE);
    expect([fleet.source.fetches, warnings]).toEqual([2, ['outdated']]);
    expect(fake.ring.status.ageMs).toBeLessThan(2 * MINUTE);
  });

  it('from a clock that is ahead by 30 seconds is used', async () => {
    const fleet = new FleetFixture();
    await fleet.started();
    fleet.tamper(wallAt(30_000));
    const { fake, warnings } = await fleet.started();
    expect([fleet.source.fetches, fake.ring.status.ageMs, warnings]).toEqual([1, 0, []]);
  });

  it('from another jwks_uri than the configured one is refused', async () => {
    const fleet = new FleetFixture();
    const jwksUri = `${ISSUER}/other`;
    await fleet.started({ jwksUri });
    const { warnings } = await fleet.started({ jwksUri });
    expect([fleet.source.fetches, warnings]).toEqual([2, ['foreign']]);
  });

  it('refused repeatedly is reported once', async () => {
    const fleet = new FleetFixture();
    const { warnings } = await fleet.started();
    const spoil = () => fleet.tamper((entry) => `${entry} `);
    for (let i = 0; i < 3; i += 1) {
      fleet.source.failWith(500);
      spoil();
      await fleet.clock.advance(20 * MINUTE);
    }
    expect(warnings).toEqual(['wrong_signature']);
  });

  it('signed with the old secret is used by a process that has both', async () => {
    const fleet = new FleetFixture();
    await fleet.started({ secrets: [OLD_SECRET] });
    expect((await fleet.started({ secrets: [SECRET, OLD_SECRET] })).warnings).toEqual([]);
    expect(fleet.source.fetches).toBe(1);
    expect((await fleet.started({ secrets: [SECRET] })).warnings).toEqual(['wrong_signature']);
    expect(fleet.source.fetches).toBe(2);
  });
});
