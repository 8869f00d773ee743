import { startTestIssuer, type TestIssuer, type TestKey } from 'nestjs-jwks-auth/testing';
import { randomUUID } from 'node:crypto';
import type { AuthErrorCode } from 'nestjs-jwks-auth';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECOND } from '../support/constants.js';
import { startGuardedApi, type GuardedApi } from './guarded-api.js';

type Verdict = AuthErrorCode | undefined;

/** A second and what a fetch takes, since this clock stands still during one. */
const STEP = SECOND + 1;
const PER_SECOND = 100;
/** Equivalent to a hundred where only the first of them can cause a fetch, and faster. */
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

/** A token that is good but for its key, under a kid that was never published. */
const madeUp = () => issuer.token({}, { key: { ...stranger, kid: randomUUID() } });

/** One second of the clock under the flood, with a known key on the route meanwhile; returns the verdicts of the flood. */
async function floodForOneSecond(tokens = PER_SECOND): Promise<readonly Verdict[]> {
  const [verdicts, statuses] = await Promise.all([
    api.verdicts(Array.from({ length: tokens }, madeUp)),
    api.statuses(issuer.token()),
  ]);
  expect(statuses).toEqual([200]);
  api.clock.leap(STEP);
  await api.settled();
  return verdicts;
}

/** This many seconds of it; returns every verdict that occurred. */
async function flood(seconds: number, tokens = PER_SECOND): Promise<ReadonlySet<Verdict>> {
  const verdicts = new Set<Verdict>();
  for (let second = 0; second < seconds; second += 1) {
    for (const verdict of await floodForOneSecond(tokens)) verdicts.add(verdict);
  }
  return verdicts;
}

/** Seconds of the clock under the flood until the first token under a key that is published now is accepted. */
async function secondsUntilAccepted(): Promise<number> {
  const key = await issuer.addKey();
  for (let seconds = 0; ; seconds += 1) {
    const [status] = await api.statuses(issuer.token({}, { key }));
    if (status === 200 || seconds === 90) return seconds;
    await floodForOneSecond(FEW);
  }
}

describe('a flood of 100 made-up kids a second', () => {
  it('causes at most 9 fetches in the first minute, and is refused as 401 while the issuer is healthy', async () => {
    expect(await flood(60)).toEqual(new Set(['unknown_key']));
    expect(issuer.requests.jwks).toBeLessThanOrEqual(9);
    expect(await api.statuses(madeUp())).toEqual([401]);
  });

  it('causes about one fetch a minute later on', async () => {
    await flood(180, FEW);
    issuer.requests.reset();
    await flood(180, FEW);
    expect(issuer.requests.jwks).toBeLessThanOrEqual(4);
  });

  it('delays a key published in the first minute by 10 s at most', async () => {
    await flood(20, FEW);
    expect(await secondsUntilAccepted()).toBeLessThanOrEqual(10);
  });

  it('delays a key published later by 60 s at most', async () => {
    await flood(240, FEW);
    expect(await secondsUntilAccepted()).toBeLessThanOrEqual(60);
  });

  it('gets 503 while the issuer is down, within its back-off, and known keys pass', async () => {
    issuer.fault({ status: 500 }, { on: 'all' });
    // A response this old proves no kid absent.
    api.clock.leap(11 * SECOND);
    expect(await flood(60)).toEqual(new Set(['keys_unavailable']));
    expect(await api.statuses(madeUp())).toEqual([503]);
    expect(issuer.requests.jwks).toBeLessThanOrEqual(8);
    issuer.fault(undefined);
    await api.pass(api.ring.status.nextRefreshInMs);
    expect(await flood(1)).toEqual(new Set(['unknown_key']));
  });
});
