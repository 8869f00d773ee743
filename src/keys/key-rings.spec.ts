import { once } from 'node:events';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HOUR, ISSUER } from '../../test/support/constants.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';
import { HttpServer } from '../../test/support/http-server.js';
import { KEY_POLICY } from './key-policy.js';
import { KeyRings } from './key-rings.js';
import { resolveKeyOptions, type KeyOptions } from './key.options.js';

let issuer: TestIssuer;
let clock: ManualClock;
beforeEach(async () => {
  issuer = await startTestIssuer();
  clock = new ManualClock();
});
afterEach(() => issuer.close());

/** Rings of one issuer under several names. Their requests go over real sockets, their time is injected. */
function ringsOf(count: number, keys: KeyOptions = {}): KeyRings {
  const { jwksUri } = issuer;
  const issuers = Array.from({ length: count }, (_, i) => ({ issuer: `https://issuer-${i}.test`, jwksUri }));
  return new KeyRings(issuers, resolveKeyOptions(keys), () => {}, { clock, random: () => 0.5 });
}

const dynamic = (i: number) => ({ issuer: `https://dynamic-${i}.test`, jwksUri: issuer.jwksUri });
const statesOf = (rings: KeyRings) => rings.status().map(({ state }) => state);
const kidOf = (one: TestIssuer) => one.keys[0]?.kid ?? '';
const refusalOf = async (rings: KeyRings, name: string) => {
  try {
    await rings.get(name)?.lookUp(kidOf(issuer), 'RS256');
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the start', () => {
  it('waits for the keys of every issuer', async () => {
    const rings = ringsOf(3);
    await rings.start();
    expect(statesOf(rings)).toEqual(['FRESH', 'FRESH', 'FRESH']);
    rings.close();
  });

  it.each([
    ['wait', 'started'],
    ['require', 'failed'],
  ] as const)("with bootstrap '%s' has %s after four seconds without keys", async (bootstrap, outcome) => {
    issuer.fault('hang');
    const rings = ringsOf(1, { bootstrap, timeoutMs: 60_000 });
    let seen = 'waiting';
    void rings.start().then(
      () => (seen = 'started'),
      () => (seen = 'failed'),
    );
    await clock.advance(3_999);
    expect(seen).toBe('waiting');
    await clock.advance(1);
    expect(seen).toBe(outcome);
    rings.close();
    await settle();
    expect(clock.pending).toBe(0);
  });

  it("with bootstrap 'background' does not wait for keys", async () => {
    issuer.fault('hang');
    const rings = ringsOf(1, { bootstrap: 'background' });
    await rings.start();
    expect(statesOf(rings)).toEqual(['EMPTY']);
    rings.close();
  });

  it('fetches from at most twenty issuers at once', async () => {
    issuer.fault('hang');
    const rings = ringsOf(50, { bootstrap: 'background' });
    await rings.start();
    await vi.waitFor(() => expect(issuer.requests.jwks).toBe(20));
    issuer.fault(undefined);
    await clock.advance(5_000);
    await vi.waitFor(() => expect(statesOf(rings).filter((state) => state === 'FRESH')).toHaveLength(30));
    rings.close();
  });

  it('ends when the application closes meanwhile, and leaves no timer', async () => {
    issuer.fault('hang');
    const rings = ringsOf(2);
    const started = rings.start();
    await settle();
    rings.close();
    await started;
    await settle();
    expect(clock.pending).toBe(0);
  });
});

describe('the close', () => {
  it('cancels a request that hangs, and ends its connection', async () => {
    await using server = await HttpServer.start(() => {});
    const options = resolveKeyOptions({ bootstrap: 'background' });
    const rings = new KeyRings([{ issuer: ISSUER, jwksUri: server.url }], options, () => {});
    await rings.start();
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    const ended = once(server.requests[0]!.socket, 'close');
    rings.close();
    await ended;
    expect(statesOf(rings)).toEqual(['EMPTY']);
  });
});

describe('an operator', () => {
  it('refreshes every issuer, and gets the status of each', async () => {
    const rings = ringsOf(2);
    await rings.start();
    const { kid } = await issuer.rotate({ keepOld: false });
    await rings.refresh();
    expect(rings.status()).toMatchObject([
      { issuer: 'https://issuer-0.test', state: 'FRESH', kids: [kid], jwksUri: issuer.jwksUri },
      { issuer: 'https://issuer-1.test', state: 'FRESH', kids: [kid], jwksUri: issuer.jwksUri },
    ]);
    rings.close();
  });

  it('denies a key id at every issuer, those that are found later included', async () => {
    const rings = ringsOf(1);
    await rings.start();
    expect(await refusalOf(rings, 'https://issuer-0.test')).toBe('ok');
    rings.deny(kidOf(issuer));
    rings.open(dynamic(1));
    expect(await refusalOf(rings, 'https://issuer-0.test')).toBe('unknown_key');
    expect(await refusalOf(rings, dynamic(1).issuer)).toBe('unknown_key');
    rings.close();
  });

  it('denies a key id at one issuer for good, even when its ring was closed in between', async () => {
    const rings = ringsOf(0);
    rings.open(dynamic(1)).deny(kidOf(issuer));
    rings.forget(dynamic(1).issuer);
    for (const i of [1, 2]) rings.open(dynamic(i));
    expect(await refusalOf(rings, dynamic(1).issuer)).toBe('unknown_key');
    expect(await refusalOf(rings, dynamic(2).issuer)).toBe('ok');
    rings.close();
  });
});

describe('rings of dynamic issuers', () => {
  it('are bounded in number: the least recently used one is closed', () => {
    const rings = ringsOf(1);
    const max = KEY_POLICY.maxDynamicRingsWithoutKeys;
    const first = rings.open(dynamic(0));
    for (let i = 1; i < max; i += 1) rings.open(dynamic(i));
    expect(rings.get(first.issuer)).toBe(first);
    rings.open(dynamic(max));
    expect(rings.get(dynamic(0).issuer)).toBe(first);
    expect(rings.get(dynamic(1).issuer)).toBeUndefined();
    expect(rings.status()).toHaveLength(max + 1);
    expect(rings.get('https://issuer-0.test')).toBeDefined();
    rings.close();
  });

  it('with keys are not evicted by those without', async () => {
    const rings = ringsOf(0);
    const real = rings.open(dynamic(0));
    expect(await refusalOf(rings, real.issuer)).toBe('ok');
    for (let i = 1; i <= 2 * KEY_POLICY.maxDynamicRingsWithoutKeys; i += 1) rings.open(dynamic(i));
    expect(rings.get(real.issuer)).toBe(real);
    expect(await refusalOf(rings, real.issuer)).toBe('ok');
    rings.close();
  });

  it('without keys fetch on demand only, also after a failure', async () => {
    issuer.fault({ status: 500 });
    const rings = ringsOf(0);
    const ring = rings.open(dynamic(0));
    expect(await refusalOf(rings, ring.issuer)).toBe('keys_unavailable');
    await clock.advance(HOUR);
    expect([issuer.requests.jwks, clock.pending, ring.status.nextRefreshInMs]).toEqual([1, 0, Infinity]);
    issuer.fault(undefined);
    expect(await refusalOf(rings, ring.issuer)).toBe('ok');
    rings.close();
  });

  it('cause no request before their first look-up, and leave no timer when they are closed', async () => {
    const rings = ringsOf(0);
    const ring = rings.open(dynamic(0));
    expect(issuer.requests.jwks).toBe(0);
    expect(await refusalOf(rings, ring.issuer)).toBe('ok');
    expect(clock.pending).toBe(1);
    rings.forget(ring.issuer);
    expect([rings.get(ring.issuer), clock.pending]).toEqual([undefined, 0]);
  });

  it('are not opened any more after the close', async () => {
    const rings = ringsOf(0);
    rings.close();
    const ring = rings.open(dynamic(0));
    await expect(ring.lookUp('any', 'RS256')).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect([issuer.requests.jwks, rings.status()]).toEqual([0, []]);
  });
});
