import { Logger } from '@nestjs/common';

/** The part of a request that is used: Express's `next`, and the stream of Node, which Fastify wraps. */
interface FailedRequest {
  readonly next?: unknown;
  readonly raw?: unknown;
  destroy?(): void;
}

/**
 * What was thrown, as it may be passed to Passport and Express: they take a falsy value for no error, and Express skips handlers
 * for the strings `route` and `router`, so either would let a request through.
 */
export const errorOf = (thrown: unknown): unknown =>
  typeof thrown === 'object' && thrown !== null
    ? thrown
    : new Error('The application threw something that is no error', { cause: thrown });

/**
 * Ends a request whose callback threw where it is not caught, in a promise: through the error handling of Express, which
 * answers 500; elsewhere, the connection is closed. Left alone, the exception would end the process.
 */
export function failRequest(request: unknown, thrown: unknown): void {
  const error = errorOf(thrown);
  const { next, raw = request } = (request ?? {}) as FailedRequest;
  if (typeof next === 'function') return next(error);
  const stack = error instanceof Error ? error.stack : undefined;
  new Logger('AuthModule').error('A callback given to Passport threw, so the connection is closed', stack);
  (raw as FailedRequest | undefined)?.destroy?.();
}
