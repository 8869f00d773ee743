import { AuthError } from '../errors/auth.error.js';
import { ATTRIBUTES, SPANS } from '../telemetry/names.js';
import { errorType, withSpan, type ActiveSpan } from '../telemetry/span.js';
import { AuthException } from './auth.exception.js';
import type { Outcome } from './jwt.strategy.js';

/** What came of something asynchronous. */
type Settled<T> = { readonly value: T } | { readonly thrown: unknown };

/**
 * Runs `run` inside the span `jwt.authenticate`, which tells what became of the request: accepted, rejected and why,
 * anonymous, or an error.
 */
export async function traceAuthentication<T>(
  run: () => Promise<T>,
  outcomeOf: () => Promise<Outcome> | undefined,
): Promise<T> {
  const settled = await withSpan(SPANS.authenticate, {}, async (span) => {
    const result = await settle(run);
    describe(span, await outcomeOf(), 'thrown' in result ? result.thrown : undefined);
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

function describe(span: ActiveSpan, outcome: Outcome | undefined, thrown: unknown): void {
  const { issuer, remembered } = outcome?.notes ?? {};
  if (issuer !== undefined) span.set({ [ATTRIBUTES.jwtIssuer]: issuer });
  if (remembered !== undefined) span.set({ [ATTRIBUTES.tokenCacheHit]: remembered });

  const error = authErrorOf(thrown) ?? outcome?.error ?? thrown;
  const isAnonymous = error instanceof AuthError && error.code === 'missing_token' && thrown === undefined;
  if (error === undefined || isAnonymous) {
    span.set({ [ATTRIBUTES.result]: isAnonymous ? 'anonymous' : 'accepted' });
  } else if (error instanceof AuthError && error.isRefusal) {
    span.set({ [ATTRIBUTES.result]: 'rejected', [ATTRIBUTES.rejectionReason]: error.code });
  } else {
    span.set({ [ATTRIBUTES.result]: 'error' });
    span.fail(errorType(error));
  }
}

/** The AuthError in what was thrown, if it is one or carries one. */
function authErrorOf(thrown: unknown): AuthError | undefined {
  if (thrown instanceof AuthException) return thrown.authError;
  return thrown instanceof AuthError ? thrown : undefined;
}
