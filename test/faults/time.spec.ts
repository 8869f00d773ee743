import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../support/constants.js';
import { startGuardedApi, type GuardedApi } from './guarded-api.js';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await startTestIssuer({ algorithm: 'ES256' });
});
afterEach(() => issuer.close());

const many = (count: number) => Array.from({ length: count }, () => issuer.token());

/** A valid token is accepted although the issuer does not respond: it did not wait for it. */
async function expectAcceptedFromMemory(api: GuardedApi): Promise<void> {
  issuer.fault('hang');
  expect(await api.statuses(...many(20))).toEqual(many(20).map(() => 200));
}

describe('a burst of 1,000 requests at a cold start', () => {
  it('is accepted whole, for one fetch', async () => {
    issuer.fault({ latencyMs: 500 });
    await using api = await startGuardedApi(issuer, { keys: { bootstrap: 'background' } });
    const { statuses } = await api.send(many(1_000));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(issuer.requests.jwks).toBe(1);
  });
});

describe('a quiet hour', () => {
  it('is followed by a request that finds fresh keys', async () => {
    await using api = await startGuardedApi(issuer);
    issuer.requests.reset();
    await api.pass(HOUR);
    expect(api.ring.status.state).toBe('FRESH');
    // One refresh ahead of each maxAge of 10 minutes, at the earliest possible moment.
    expect(issuer.requests.jwks).toBe(8);
    await expectAcceptedFromMemory(api);
  });

  it('on a machine that was frozen meanwhile, is followed by a request that does not wait either', async () => {
    await using api = await startGuardedApi(issuer);
    issuer.requests.reset();
    api.clock.loseTimers();
    api.clock.leap(HOUR);
    expect(api.ring.status.state).toBe('STALE');
    await expectAcceptedFromMemory(api);
    // That request has started the refresh which the machine had lost.
    issuer.fault(undefined);
    expect(issuer.requests.jwks).toBe(1);
  });
});

describe('a jump of the wall clock', () => {
  it.each([
    { jump: 'a day forward', ms: DAY },
    { jump: 'a day back', ms: -DAY },
  ])('$jump takes no key out of use', async ({ ms }) => {
    await using api = await startGuardedApi(issuer, { keys: { staleIfErrorMs: 0 } });
    api.clock.moveWallClock(ms);
    expect(api.ring.status.state).toBe('FRESH');
    await expectAcceptedFromMemory(api);
  });

  it('forward makes a refresh due, as after a suspension of the machine', async () => {
    await using api = await startGuardedApi(issuer);
    const kid = (await issuer.rotate()).kid;
    issuer.requests.reset();
    api.clock.moveWallClock(HOUR);
    expect(await api.statuses(issuer.token({}, { key: issuer.keys[0]! }))).toEqual([200]);
    await expect.poll(() => api.ring.status.kids).toContain(kid);
    expect(issuer.requests.jwks).toBe(1);
  });

  it('back does not delay the refresh', async () => {
    await using api = await startGuardedApi(issuer);
    issuer.requests.reset();
    api.clock.moveWallClock(-DAY);
    await api.pass(10 * MINUTE);
    expect(api.ring.status.state).toBe('FRESH');
    expect(issuer.requests.jwks).toBe(1);
  });
});
