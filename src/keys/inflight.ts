import type { SpanPlace } from '../telemetry/span.js';
import type { FetchTrigger } from '../telemetry/names.js';
import type { JwksFetchError } from '../http/jwks-fetch.error.js';

/** What a question led to: whether the answer was accepted, and whether it changed the keys. */
export interface FlightOutcome {
  readonly accepted: boolean;
  readonly changed: boolean;
}

/** What a question leads to that fails, or is never asked. */
export const FAILED: FlightOutcome = { accepted: false, changed: false };

/** An answer found in the store: a refresh is due by now, or later. */
export type FoundInStore = 'due' | 'fresh';

/**
 * One question for keys, to the store and then to the issuer, shared by all who wait for its answer. It has an abort
 * signal of its own, so that nobody who stops waiting ends it for the others.
 */
export class Flight {
  /** The span of the fetch, for those who wait to link to. */
  place: SpanPlace | undefined;
  /** True when what the store had was enough, so that the issuer was not asked. */
  endedAtStore = false;
  private readonly abort = new AbortController();
  private readonly landing = Promise.withResolvers<FlightOutcome>();

  constructor(
    /** On the monotonic clock, in milliseconds. */
    readonly startedAt: number,
    readonly trigger: FetchTrigger,
    /** True when what the store had makes it needless to ask the issuer. */
    readonly isEnough: (found: FoundInStore) => boolean,
  ) {}

  /** Resolves when it is over, whatever came of it; never rejects. */
  get done(): Promise<FlightOutcome> {
    return this.landing.promise;
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  cancel(reason: JwksFetchError): void {
    this.abort.abort(reason);
  }

  land(outcome: FlightOutcome): void {
    this.landing.resolve(outcome);
  }

  /** Runs `ask`, but not longer than until the flight is cancelled. */
  async bound<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this;
    const cancelled = Promise.withResolvers<never>();
    const cancel = (): void => cancelled.reject(signal.reason as JwksFetchError);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await Promise.race([ask(signal), cancelled.promise]);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}
