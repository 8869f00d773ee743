import { HttpException } from '@nestjs/common';
import { AuthError } from '../common/auth.error.js';
import { isMeasured, recordAuthentication, type Authentication } from '../telemetry/metrics.js';
import { ATTRIBUTES, SPANS } from '../telemetry/names.js';
import { errorType, isRecorded, withSpan, type ActiveSpan } from '../telemetry/span.js';
import { AuthException } from './auth.exception.js';
import type { Outcome } from './jwt.strategy.js';

/** What came of something asynchronous. */
type Settled<T> = { readonly value: T } | { readonly thrown: unknown };

/**
 * Runs `run` inside the span `jwt.authenticate`, which tells what became of the request: accepted, rejected and why,
 * anonymous, or an error. Records how long it took. When nobody would see either, it just runs.
 */
export function traceAuthentication<T>(
  run: () => Promise<T>,
  outcomeOf: () => Promise<Outcome> | undefined,
): Promise<T> {
  return isRecorded() || isMeasured() ? runTraced(run, outcomeOf) : run();
}

async function runTraced<T>(
  run: () => Promise<T>,
  outcomeOf: () => Promise<Outcome> | undefined,
): Promise<T> {
  const startedAt = isMeasured() ? performance.now() : undefined;
  const settled = await withSpan(SPANS.authenticate, {}, async (span) => {
    const result = await settle(run);
    const outcome = await outcomeOf();
    const authentication = judge(outcome, 'thrown' in result ? result.thrown : undefined);
    describe(span, outcome, authentication);
    if (startedAt !== undefined) recordAuthentication(performance.now() - startedAt, authentication);
    return result;
  });
  if ('thrown' in settled) throw settled.thrown;
  return settled.value;
}

async function settle<T>(run: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await run() };
  } catch (thrown) {
    return { thrown };
  }
}

function judge(outcome: Outcome | undefined, thrown: unknown): Authentication {
  const error = authErrorOf(thrown) ?? outcome?.error ?? thrown;
  if (error === undefined) return { result: 'accepted' };
  if (error instanceof AuthError && error.code === 'missing_token' && thrown === undefined)
    return { result: 'anonymous' };
  if (error instanceof AuthError && error.isRefusal) return { result: 'rejected', reason: error.code };
  // What an application's `validate` refuses with, the way that Nest has for it.
  if (error instanceof HttpException && error.getStatus() < 500)
    return { result: 'rejected', reason: 'user_rejected' };
  return { result: 'error', error };
}

function describe(span: ActiveSpan, outcome: Outcome | undefined, authentication: Authentication): void {
  const { issuer, remembered } = outcome?.notes ?? {};
  if (issuer !== undefined) span.set({ [ATTRIBUTES.jwtIssuer]: issuer });
  if (remembered !== undefined) span.set({ [ATTRIBUTES.tokenCacheHit]: remembered });
  const { result, reason, error } = authentication;
  span.set({ [ATTRIBUTES.result]: result });
  if (reason !== undefined) span.set({ [ATTRIBUTES.rejectionReason]: reason });
  if (error !== undefined) span.fail(errorType(error));
}

/** The AuthError in what was thrown, if it is one or carries one. */
function authErrorOf(thrown: unknown): AuthError | undefined {
  if (thrown instanceof AuthException) return thrown.authError;
  return thrown instanceof AuthError ? thrown : undefined;
}
