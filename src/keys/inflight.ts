import type { JwksFetchError } from '../http/jwks-fetch.error.js';
import type { FetchTrigger } from '../telemetry/names.js';
import type { SpanPlace } from '../telemetry/span.js';
import type { WantedKey } from './cached-key-set.js';
import type { Permit } from './limits/unknown-kid-limiter.js';

/** Why keys are refreshed, and what for. */
export interface RefreshRequest {
  readonly trigger: FetchTrigger;
  /** The key that a token needs, with `unknown_kid`. */
  readonly wanted?: WantedKey;
  /** When that token arrived, by the monotonic clock. */
  readonly since?: number;
  /** What the rate limiter gave for it. */
  readonly permit?: Permit | undefined;
}

/** How a refresh ended: whether a response was accepted, and whether it changed the keys. */
export interface RefreshOutcome {
  readonly accepted: boolean;
  readonly changed: boolean;
}

/** The outcome of a refresh that failed, or that was not started: the ring is closed, or a limit holds. */
export const FAILED: RefreshOutcome = { accepted: false, changed: false };

/**
 * One refresh in flight, shared by all who wait for it. It has an abort signal of its own: a caller who stops waiting does
 * not cancel it.
 */
export class Inflight {
  /** Its span, for those who wait to link to. */
  place: SpanPlace | undefined;
  /** True when the store satisfied it, so that nothing was fetched from the issuer. */
  servedFromStore = false;
  private readonly controller = new AbortController();
  private readonly settled = Promise.withResolvers<RefreshOutcome>();
  private readonly aborted = Promise.withResolvers<never>();

  constructor(
    /** By the monotonic clock, in milliseconds. */
    readonly startedAt: number,
    readonly request: RefreshRequest,
  ) {
    this.aborted.promise.catch(() => {});
  }

  /** Resolves when it has ended, however it did; never rejects. */
  get done(): Promise<RefreshOutcome> {
    return this.settled.promise;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  settle(outcome: RefreshOutcome): void {
    this.settled.resolve(outcome);
  }

  abort(reason: JwksFetchError): void {
    this.controller.abort(reason);
    this.aborted.reject(reason);
  }

  /** Settles as `work` does, or rejects with the reason once this is aborted, even where `work` ignores the signal. */
  untilAborted<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.aborted.promise]);
  }
}
