import { DEFAULT_ALGORITHMS } from '../jwk/algorithms.js';
import { systemClock, type Clock } from '../common/clock.js';
import { CachedKeySet } from './cached-key-set.js';
import type { RefreshLimit } from './limits/refresh-limit.js';
import { emitterFor, type EmitKeyRingEvent, type OnKeyRingEvent } from './key-ring-events.js';
import { KeyRing } from './key-ring.js';
import { KeySetRefresher, type Sharing } from './key-set-refresher.js';
import type { ResolvedKeyOptions } from './key.options.js';
import { UnknownKidLimiter } from './limits/unknown-kid-limiter.js';
import type { JwksSource } from './source/jwks-source.js';

/** Whose keys a ring holds. */
export interface KeyRingIssuer {
  readonly issuer: string;
  /** Skips discovery. */
  readonly jwksUri?: string | undefined;
  /** The accepted algorithms; by default all that are supported. */
  readonly algorithms?: readonly string[];
  /** True for an issuer whose ring refreshes rarely while it is not used. */
  readonly mayIdle?: boolean;
}

/** The options that a ring depends on. */
export type KeyRingOptions = Pick<
  ResolvedKeyOptions,
  'maxAgeMs' | 'staleIfErrorMs' | 'timeoutMs' | 'jwksRequestsPerMinute' | 'maxKeys'
>;

/** Where a ring runs. Time and randomness are injected in tests. */
export interface KeyRingRuntime {
  readonly onEvent: OnKeyRingEvent;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Key ids that are denied from the start. */
  readonly deniedKids?: Iterable<string>;
  /** The bound that dynamic issuers share. */
  readonly refreshLimit?: RefreshLimit | undefined;
  /** Connects the ring to what other processes share. */
  readonly share?: ((emit: EmitKeyRingEvent, closed: AbortSignal) => Sharing) | undefined;
}

/** Puts a key ring together: the ring above its refresher, and the refresher above the cached keys. */
export function createKeyRing(
  { issuer, algorithms = DEFAULT_ALGORITHMS, mayIdle = false }: KeyRingIssuer,
  source: JwksSource,
  options: KeyRingOptions,
  {
    onEvent,
    clock = systemClock,
    random = Math.random,
    deniedKids = [],
    refreshLimit,
    share,
  }: KeyRingRuntime,
): KeyRing {
  const { staleIfErrorMs, timeoutMs, jwksRequestsPerMinute, maxKeys } = options;
  const emit = emitterFor(issuer, onEvent);
  const closing = new AbortController();
  const sharing = share?.(emit, closing.signal) ?? {};
  const cached = new CachedKeySet(options, deniedKids, clock);
  const limiter = new UnknownKidLimiter(clock, jwksRequestsPerMinute);
  const refresher = new KeySetRefresher(cached, limiter, {
    issuer,
    algorithms,
    maxKeys,
    source,
    timeoutMs,
    staleIfErrorMs,
    mayIdle,
    clock,
    random,
    emit,
    refreshLimit,
    sharing,
    closed: closing.signal,
  });
  return new KeyRing({ issuer, clock, cached, refresher, limiter, closing });
}
