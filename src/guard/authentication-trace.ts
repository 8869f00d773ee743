import { HttpException } from '@nestjs/common';
import { AuthError } from '../common/auth.error.js';
import { isMeasured, recordAuthentication, type AuthenticationOutcome } from '../telemetry/metrics.js';
import { ATTRIBUTES, SPANS, type TransportName } from '../telemetry/names.js';
import { errorType, isRecorded, withSpan, type ActiveSpan } from '../telemetry/span.js';
import type { VerificationInfo } from '../token/access-token.js';
import { AuthException } from './auth.exception.js';
import type { Authentication } from './authentication.js';

type Decide<T> = (authentication: Authentication) => T | PromiseLike<T>;

/** How something asynchronous ended. */
type Settled<T> = { readonly value: T } | { readonly thrown: unknown };

/**
 * Authenticates and decides inside the span `jwt.authenticate`, which shows the outcome: accepted, rejected and why,
 * anonymous, or an error. Records how long it took. Without either where they are not recorded.
 */
export function traceAuthentication<T>(
  transport: TransportName,
  authenticate: () => Promise<Authentication>,
  decide: Decide<T>,
): Promise<T> {
  return isRecorded() || isMeasured() ? traced(transport, authenticate, decide) : authenticate().then(decide);
}

async function traced<T>(
  transport: TransportName,
  authenticate: () => Promise<Authentication>,
  decide: Decide<T>,
): Promise<T> {
  const startedAt = isMeasured() ? performance.now() : undefined;
  const settled = await withSpan(
    SPANS.authenticate,
    { attributes: () => ({ [ATTRIBUTES.transport]: transport }) },
    async (span) => {
      const authentication = await authenticate();
      const decision = await settle(async () => decide(authentication));
      const thrown = 'thrown' in decision ? decision.thrown : undefined;
      const outcome = { ...outcomeOf(authentication, thrown), transport };
      describe(span, authentication.info, outcome);
      if (startedAt !== undefined) recordAuthentication(performance.now() - startedAt, outcome);
      return decision;
    },
  );
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

function outcomeOf(
  { error: reason }: Authentication,
  thrown: unknown,
): Omit<AuthenticationOutcome, 'transport'> {
  const error = authErrorOf(thrown) ?? reason ?? thrown;
  if (error === undefined) return { result: 'accepted' };
  if (error instanceof AuthError && error.code === 'missing_token' && thrown === undefined)
    return { result: 'anonymous' };
  if (error instanceof AuthError && error.isRefusal)
    return { result: 'rejected', reason: error.code, requirement: error.requirement };
  // How an application's `validate` refuses in Nest's own way.
  if (error instanceof HttpException && error.getStatus() < 500)
    return { result: 'rejected', reason: 'user_rejected' };
  return { result: 'error', error };
}

function describe(span: ActiveSpan, info: VerificationInfo, outcome: AuthenticationOutcome): void {
  const { issuer, cached } = info;
  if (issuer !== undefined) span.set({ [ATTRIBUTES.jwtIssuer]: issuer });
  if (cached !== undefined) span.set({ [ATTRIBUTES.tokenCacheHit]: cached });
  const { result, reason, requirement, error } = outcome;
  span.set({ [ATTRIBUTES.result]: result });
  if (reason !== undefined) span.set({ [ATTRIBUTES.rejectionReason]: reason });
  if (requirement !== undefined) span.set({ [ATTRIBUTES.rejectionRequirement]: requirement });
  if (error !== undefined) span.fail(errorType(error));
}

/** The AuthError in what was thrown, if it is one or carries one. */
function authErrorOf(thrown: unknown): AuthError | undefined {
  if (thrown instanceof AuthException) return thrown.authError;
  return thrown instanceof AuthError ? thrown : undefined;
}
