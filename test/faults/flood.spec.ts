import { startTestIssuer, type TestIssuer, type TestKey } from 'nestjs-jwks-auth/testing';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGuardedApi, type GuardedApi } from './guarded-api.js';

const SECOND = 1_000;
/** A second and what a fetch takes, since this clock stands still during one. */
const STEP = SECOND + 1;
const PER_SECOND = 100;
/** As good as a hundred where only the first of them can cause a fetch, and quicker. */
const FEW = 10;

let issuer: TestIssuer;
let stranger: TestKey;
let api: GuardedApi;
beforeEach(async () => {
  issuer = await startTestIssuer({ algorithm: 'ES256' });
  stranger = await issuer.createKey();
  api = await startGuardedApi(issuer);
  issuer.requests.reset();
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await issuer.close();
});

/** A token that nothing but its signature speaks against, under a kid that nobody has heard of. */
const madeUp = () => issuer.token({}, { key: { ...stranger, kid: randomUUID() } });

/** One second of policy under the flood; returns what the made-up tokens got. */
async function floodForOneSecond(tokens = PER_SECOND): Promise<ReadonlySet<number>> {
  const flood = api.statuses(...Array.from({ length: tokens }, madeUp));
  expect(await api.statuses(issuer.token())).toEqual([200]);
  const statuses = new Set(await flood);
  api.clock.leap(STEP);
  await api.settled();
  return statuses;
}

/** Seconds of policy under the flood until the first token under a key that is published now is accepted. */
async function secondsUntilAccepted(): Promise<number> {
  const key = await issuer.addKey();
  for (let seconds = 0; ; seconds += 1) {
    const [status] = await api.statuses(issuer.token({}, { key }));
    if (status === 200 || seconds === 90) return seconds;
    await floodForOneSecond(FEW);
  }
}

describe('a flood of 100 made-up kids a second', () => {
  it('costs at most 9 fetches in the first minute, and gets 401 from a healthy issuer', async () => {
    const statuses = new Set<number>();
    for (let second = 0; second < 60; second += 1) {
      for (const status of await floodForOneSecond()) statuses.add(status);
    }
    expect(statuses).toEqual(new Set([401]));
    expect(issuer.requests.jwks).toBeLessThanOrEqual(9);
    issuer.requests.reset();
    for (let second = 0; second < 120; second += 1) await floodForOneSecond(FEW);
    expect(issuer.requests.jwks).toBeLessThanOrEqual(6);
  });

  it('does not keep a key published in the first minute waiting for more than 10 s', async () => {
    for (let second = 0; second < 20; second += 1) await floodForOneSecond(FEW);
    expect(await secondsUntilAccepted()).toBeLessThanOrEqual(10);
  });

  it('does not keep a key published later waiting for more than 60 s', async () => {
    for (let second = 0; second < 240; second += 1) await floodForOneSecond(FEW);
    expect(await secondsUntilAccepted()).toBeLessThanOrEqual(60);
  });

  it('gets 503 while the issuer is down, within its back-off, and known keys pass', async () => {
    issuer.fault({ status: 500 }, { on: 'all' });
    // What was confirmed this long ago proves no refusal.
    api.clock.leap(10 * SECOND);
    const statuses = new Set<number>();
    for (let second = 0; second < 60; second += 1) {
      for (const status of await floodForOneSecond()) statuses.add(status);
    }
    expect(statuses).toEqual(new Set([503]));
    expect(issuer.requests.jwks).toBeLessThanOrEqual(8);
    issuer.fault(undefined);
    await api.pass(api.ring.status.nextRefreshInMs);
    expect([...(await floodForOneSecond())]).toEqual([401]);
  });
});
