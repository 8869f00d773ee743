import { systemClock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import { clockSkewOf } from '../http/cache-headers.js';
import type { FetchOptions, ResponseHead } from '../http/fetch-json.js';
import { asJwksFetchError, JwksFetchError } from '../http/jwks-fetch.error.js';
import type { ResolvedKeyOptions } from '../keys/key.options.js';

/** What became of fetching something. */
export interface Attempt<T> {
  /** The address that failed, or the last one. */
  readonly address: string;
  readonly value: T | undefined;
  readonly failure: JwksFetchError | undefined;
  /** The heads of all responses, in order. */
  readonly heads: readonly ResponseHead[];
  /** How far this clock is ahead of that of each response, in milliseconds. */
  readonly skews: readonly number[];
  readonly tookMs: number;
}

/** One attempt at fetching, within the time limit of a fetch of the module. Never rejects. */
export async function attempt<T>(
  address: string,
  keys: ResolvedKeyOptions,
  headerOrigins: readonly string[],
  fetch: (options: FetchOptions, signal: AbortSignal, onAddress: (address: string) => void) => Promise<T>,
): Promise<Attempt<T>> {
  const heads: ResponseHead[] = [];
  const skews: number[] = [];
  let current = address;
  const startedAt = performance.now();
  const cancel = new AbortController();
  const options: FetchOptions = {
    ...keys,
    headerOrigins,
    clock: systemClock,
    onResponse: (head) => {
      heads.push(head);
      const skewMs = clockSkewOf(head.headers, systemClock.wallNow());
      if (skewMs !== undefined) skews.push(skewMs);
    },
  };
  const fetched = fetch(options, cancel.signal, (next) => (current = next));
  let outcome: { value?: T; failure?: JwksFetchError };
  try {
    outcome = { value: await withDeadline(systemClock, keys.timeoutMs, fetched, timedOut, true) };
  } catch (error) {
    outcome = { failure: asJwksFetchError(error) };
  }
  return {
    address: addressIn(outcome.failure) ?? current,
    value: outcome.value,
    failure: outcome.failure,
    heads,
    skews,
    tookMs: performance.now() - startedAt,
  };

  function timedOut(): never {
    const timeout = new JwksFetchError('timeout', { message: 'did not respond in time' });
    cancel.abort(timeout);
    throw timeout;
  }
}

/** The library writes the address before the reason. */
const addressIn = (failure: Error | undefined): string | undefined =>
  /^(https?:\/\/\S+): /.exec(failure?.message ?? '')?.[1];
