import type { TestIssuer } from 'nestjs-jwks-auth/testing';
import { expect } from 'vitest';
import type { GuardedApi } from './guarded-api.js';
import type { Measurement } from './measurement.js';

/** Without keys: what can be refused without one is 401, and everything else 503, with the time of the next fetch. */
export async function expectNothingJudged(
  api: GuardedApi,
  issuer: TestIssuer,
  measured: Measurement,
): Promise<void> {
  expect(measured.statuses).toEqual(new Set([503]));
  const { expired, 'wrong key': wrongKey } = issuer.badTokens();
  expect(await api.statuses(expired, wrongKey)).toEqual([401, 503]);
  const { retryAfter } = await api.send([issuer.token()]);
  const seconds = Math.ceil(api.ring.status.nextRefreshInMs / 1_000);
  expect(retryAfter).toEqual([String(seconds)]);
}

/** Every fetch failed in this way, and there were no more of them than the back-off allows. */
export function expectFetches(api: GuardedApi, issuer: TestIssuer, failure: string, fetches: number): void {
  expect(new Set(api.failures)).toEqual(new Set([failure]));
  expect(api.failures).toHaveLength(fetches);
  expect(issuer.requests.jwks).toBeLessThanOrEqual(fetches);
}

/** Ends the fault: the first refresh that the back-off allows then brings fresh keys. */
export async function expectRecovery(api: GuardedApi, measured: Measurement, end: () => void): Promise<void> {
  end();
  api.isSilent = false;
  await measured.waitForRefresh();
  expect(api.ring.status).toMatchObject({ state: 'FRESH', lastError: undefined });
}
