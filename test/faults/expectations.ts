import type { TestIssuer } from 'nestjs-jwks-auth/testing';
import { expect } from 'vitest';
import type { GuardedApi } from './guarded-api.js';
import type { Measurement } from './measurement.js';

/** Without keys: what can be refused without one is 401, and everything else 503, with the time of the next question. */
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

/** Every question failed in this way, and there were no more of them than the back-off allows. */
export function expectQuestions(
  api: GuardedApi,
  issuer: TestIssuer,
  failure: string,
  questions: number,
): void {
  expect(new Set(api.failures)).toEqual(new Set([failure]));
  expect(api.failures).toHaveLength(questions);
  expect(issuer.requests.jwks).toBeLessThanOrEqual(questions);
}
