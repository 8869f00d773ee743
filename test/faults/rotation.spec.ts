import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestIssuer, type TestIssuer, type TestKey } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../support/constants.js';
import { startGuardedApi, type GuardedApi } from './guarded-api.js';

let issuer: TestIssuer;
let api: GuardedApi;
beforeEach(async () => {
  issuer = await startTestIssuer({ algorithm: 'ES256' });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await issuer.close();
});

const several = (count: number, key?: TestKey) =>
  Array.from({ length: count }, () => issuer.token({}, key === undefined ? {} : { key }));

describe('an issuer with many live keys', () => {
  it.each([24, 100])(
    '%i: a token under any of them is accepted, and one fetch brought them all',
    async (count) => {
      while (issuer.keys.length < count) await issuer.addKey();
      api = await startGuardedApi(issuer);
      const tokens = issuer.keys.map((key) => issuer.token({}, { key }));
      expect(await api.statuses(...tokens)).toEqual(tokens.map(() => 200));
      expect(issuer.requests.jwks).toBe(1);
    },
  );
});

describe('a hard rotation every 2 s, the old key removed at once', () => {
  it('the first token under each new key is accepted, under load, at one fetch each', async () => {
    api = await startGuardedApi(issuer);
    const old = issuer.token();
    issuer.requests.reset();
    for (let rotation = 1; rotation <= 30; rotation += 1) {
      await issuer.rotate({ keepOld: false });
      const statuses = await api.statuses(...several(20));
      expect([rotation, ...statuses]).toEqual([rotation, ...statuses.map(() => 200)]);
      api.clock.leap(2 * SECOND);
    }
    expect(await api.statuses(old, issuer.token())).toEqual([401, 200]);
    // One more for the old token, whose key may have come back.
    expect(issuer.requests.jwks).toBe(31);
  });
});

describe('a key that is withdrawn', () => {
  it.each([
    { what: 'tokens that were never seen', verifiedTokens: false },
    { what: 'cached tokens', verifiedTokens: { max: 100 } },
  ] as const)('takes $what out of use, with the next refresh', async ({ verifiedTokens }) => {
    api = await startGuardedApi(issuer, { verifiedTokens });
    const [leaked] = issuer.keys;
    const token = issuer.token();
    await issuer.rotate();
    expect(await api.statuses(token, issuer.token())).toEqual([200, 200]);
    issuer.withdraw(leaked?.kid ?? '');
    await api.pass(10 * MINUTE);
    expect(await api.statuses(token, issuer.token())).toEqual([401, 200]);
  });
});

describe('replicas that alternate between an old and a new set', () => {
  it('tokens under keys of both sets pass at any time, and a token under neither is refused', async () => {
    const newKey = await issuer.createKey();
    const sets = [issuer.keys[0], newKey].map((key) => JSON.stringify({ keys: [key?.publicJwk] }));
    let served = 0;
    const balancer = createServer((_request, response) => response.end(sets[served++ % 2]));
    await once(balancer.listen(0, '127.0.0.1'), 'listening');
    const { port } = balancer.address() as AddressInfo;
    api = await startGuardedApi(issuer, { jwksUri: `http://127.0.0.1:${port}/jwks` });

    for (let second = 0; second < 60; second += 1) {
      const both = [...several(5), ...several(5, newKey)];
      expect([second, await api.statuses(...both)]).toEqual([second, both.map(() => 200)]);
      api.clock.leap(SECOND);
    }
    expect(served).toBeGreaterThan(30);
    expect(await api.statuses(issuer.badTokens()['unknown kid'])).toEqual([401]);
    balancer.close();
  });
});
