import type { SigningKey } from 'jwks-rsa';
import { AuthError } from '../common/auth.error.js';
import { Bulkhead } from '../common/bulkhead.js';
import type { Clock } from '../common/clock.js';
import { publicJwkOf, signingKeyOf } from '../jwk/signing-key.js';
import type { VerificationKey } from '../jwk/verification-key.js';
import type { FetchTrigger } from '../telemetry/names.js';
import type { CachedKeySet, WantedKey } from './cached-key-set.js';
import { JwksClient, JwksRateLimitError, SigningKeyNotFoundError } from './client/jwks-client.js';
import type { KeyRingState } from './freshness.js';
import type { Inflight } from './inflight.js';
import { KEY_POLICY } from './key-policy.js';
import { traceKeyLookup, type KeyLookup } from './key-ring-trace.js';
import type { KeySetRefresher } from './key-set-refresher.js';
import type { UnknownKidLimiter } from './limits/unknown-kid-limiter.js';

/** What a key ring is made of. */
export interface KeyRingParts {
  readonly issuer: string;
  readonly clock: Clock;
  readonly cached: CachedKeySet;
  readonly refresher: KeySetRefresher;
  readonly limiter: UnknownKidLimiter;
  /** Closes the ring, and whatever works for it. */
  readonly closing: AbortController;
}

/** The state of a key ring, for operators. */
export interface KeyRingStatus {
  readonly issuer: string;
  readonly state: KeyRingState;
  /** Milliseconds since the keys were last confirmed; undefined before the first time. */
  readonly ageMs: number | undefined;
  /** Milliseconds for which they count as fresh. */
  readonly maxAgeMs: number;
  /** Milliseconds until tokens are refused if no refresh succeeds. */
  readonly timeToExpiryMs: number;
  /** Keys in memory, including those without an id. */
  readonly keyCount: number;
  /** Their ids, each once. */
  readonly kids: readonly string[];
  /** Where the keys are from; undefined before the first time. */
  readonly jwksUri: string | undefined;
  /** What the last fetch from the issuer failed with; undefined after an accepted response. */
  readonly lastError: Error | undefined;
  /** Milliseconds until the next refresh; Infinity when none is planned. */
  readonly nextRefreshInMs: number;
  /** True for a ring of a dynamic issuer that is not used: it refreshes rarely, and is STALE in between. */
  readonly isIdle: boolean;
}

/**
 * One issuer's verification keys, in memory: a client of jwks-rsa whose cache is refreshed in the background and whose
 * rate limiter holds for unknown key ids alone. A request for a key in memory never waits, unless the ring is EMPTY or
 * EXPIRED. It refuses only what it can prove; otherwise the error is `keys_unavailable`.
 */
export class KeyRing extends JwksClient {
  readonly issuer: string;
  private readonly clock: Clock;
  private readonly cached: CachedKeySet;
  private readonly refresher: KeySetRefresher;
  private readonly limiter: UnknownKidLimiter;
  private readonly closing: AbortController;
  private readonly withoutKeys: Bulkhead;
  private readonly withUnknownKid: Bulkhead;
  private denyAtHeir: ((kid: string) => Promise<boolean>) | undefined;

  constructor({ issuer, clock, cached, refresher, limiter, closing }: KeyRingParts) {
    // The ring replaces whatever the base class fetches, caches and limits.
    super({ jwksUri: issuer, cache: false, rateLimit: false });
    this.issuer = issuer;
    this.clock = clock;
    this.cached = cached;
    this.refresher = refresher;
    this.limiter = limiter;
    this.closing = closing;
    this.withoutKeys = new Bulkhead(clock, KEY_POLICY.maxWaiters);
    this.withUnknownKid = new Bulkhead(clock, KEY_POLICY.maxWaiters);
  }

  /**
   * The keys that a token with this kid and algorithm may have been signed with; [] when the kid is known and none of its
   * keys fits. Without a promise when they are in memory.
   *
   * @param algorithm undefined for any
   * @throws AuthError `unknown_key` when the issuer has no such key, `keys_unavailable` when that cannot be known
   */
  lookUp(
    kid: string | undefined,
    algorithm: string | undefined,
  ): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    const wanted: WantedKey = { kid, algorithm };
    return traceKeyLookup(this.issuer, this.refresher.series, this.cached.freshness.ageMs, (lookup) => {
      this.refresher.watch();
      return this.fromMemory(wanted, lookup) ?? this.afterMiss(wanted, lookup);
    });
  }

  /**
   * The key with this id, as jwks-rsa has it: `getPublicKey()` is its PEM.
   *
   * @param kid undefined or null for the only key of the issuer
   * @throws SigningKeyNotFoundError when the issuer has no such key
   * @throws JwksRateLimitError when a fetch is needed, and the rate limiter allows none
   * @throws AuthError `keys_unavailable` when the issuer cannot be reached
   */
  override async getSigningKey(kid?: string | null): Promise<SigningKey> {
    const keys = async () => this.lookUp(kid ?? undefined, undefined);
    const [key] = await keys().catch((error: unknown) => {
      throw asJwksRsaError(error);
    });
    if (key === undefined) throw new SigningKeyNotFoundError('No key id, and the issuer has several keys');
    return signingKeyOf(key);
  }

  /**
   * All keys in memory, as jwks-rsa has them.
   *
   * @throws AuthError `keys_unavailable` when there are none that may be used
   */
  override async getSigningKeys(): Promise<SigningKey[]> {
    return (await this.allKeys()).map(signingKeyOf);
  }

  /**
   * All keys in memory, as members of a JWK Set (RFC 7517 §4).
   *
   * @throws AuthError `keys_unavailable` when there are none that may be used
   */
  override async getKeys(): Promise<object[]> {
    return (await this.allKeys()).map(publicJwkOf);
  }

  /** True while this key, by kid and material, is in memory and may be used. */
  holds(key: VerificationKey): boolean {
    return this.cached.holds(key);
  }

  /** True while a key with this id is in memory and may be used. Causes no request. */
  knows(kid: string): boolean {
    return this.cached.isUsable && this.cached.keys.has(kid);
  }

  /** A request uses the keys without looking one up: starts, without waiting, a refresh that is overdue. */
  watch(): void {
    this.refresher.watch();
  }

  /** True while the keys in memory may be used. */
  get isUsable(): boolean {
    return this.cached.isUsable;
  }

  /** Rises whenever the keys have changed. */
  get generation(): number {
    return this.cached.generation;
  }

  /**
   * Fetches the keys now, whatever is planned; resolves when that is over, to whether the response was accepted.
   * False after `close`.
   */
  async refresh(): Promise<boolean> {
    // One in flight may bring a response from before the call.
    await this.refresher.inflight?.done;
    return (await this.refresher.refresh({ trigger: 'manual' }).done).accepted;
  }

  /** Fetches the first keys; resolves when the first attempt is over, however it ended. */
  async start(): Promise<void> {
    await this.refresher.refresh({ trigger: 'bootstrap' }).done;
  }

  /** Resolves when keys have been loaded for the first time. */
  get loaded(): Promise<void> {
    return this.refresher.loaded;
  }

  /**
   * Takes a key out of use at once, for the life of the process; with `keys.store`, in every process, by its next refresh
   * at the latest. Resolves to whether the other processes will read it; never rejects. A ring that was replaced passes
   * it on to the one in its place.
   */
  async deny(kid: string): Promise<boolean> {
    const [isShared, isSharedByHeir] = await Promise.all([this.refresher.deny(kid), this.denyAtHeir?.(kid)]);
    return isSharedByHeir ?? isShared;
  }

  /**
   * Passes what is denied from now on to whatever takes the place of this ring.
   *
   * @internal
   */
  passDenialsTo(deny: (kid: string) => Promise<boolean>): void {
    this.denyAtHeir = deny;
  }

  /** The key ids that were taken out of use. */
  get deniedKids(): ReadonlySet<string> {
    return this.cached.denied;
  }

  /** Cancels the timer and the refresh in flight; nothing is fetched any more. Keys in memory stay usable. */
  close(): void {
    this.closing.abort();
    this.refresher.close();
  }

  get status(): KeyRingStatus {
    const { schedule, lastError } = this.refresher;
    const { state, ageMs, maxAgeMs, timeToExpiryMs } = this.cached.freshness;
    const { keys } = this.cached.keys;
    const kids = keys.map((key) => key.kid).filter((kid) => kid !== undefined);
    return {
      issuer: this.issuer,
      state,
      ageMs,
      maxAgeMs,
      timeToExpiryMs,
      keyCount: keys.length,
      kids: [...new Set(kids)],
      jwksUri: this.cached.accepted?.response.jwksUri,
      lastError,
      nextRefreshInMs: schedule.dueInMs,
      isIdle: schedule.isIdle,
    };
  }

  private fromMemory(wanted: WantedKey, lookup: KeyLookup): readonly VerificationKey[] | undefined {
    const { freshness, keys } = this.cached;
    const { state } = freshness;
    if (state === 'EMPTY' || state === 'EXPIRED') return undefined;
    const found = keys.candidates(wanted.kid, wanted.algorithm);
    if (found !== undefined) lookup.result = state === 'FRESH' ? 'hit' : 'stale';
    return found;
  }

  /** The key is not in memory: waits for refreshes within the limits of the policy. Then keys, 401 or 503. */
  private async afterMiss(wanted: WantedKey, lookup: KeyLookup): Promise<readonly VerificationKey[]> {
    const { cached, clock } = this;
    if (wanted.kid !== undefined && cached.denied.has(wanted.kid)) throw new AuthError('unknown_key');
    const since = clock.now();
    const deadline = since + this.waitMs;
    const join = () => this.join(wanted, since, lookup);
    for (let inflight = join(); inflight !== undefined; inflight = join()) {
      const bulkhead = cached.isUsable ? this.withUnknownKid : this.withoutKeys;
      const isOver = await bulkhead.wait(inflight.done, Math.min(this.waitMs, deadline - clock.now()));
      const keys = cached.find(wanted);
      if (keys !== undefined) {
        inflight.request.permit?.refund();
        return keys;
      }
      // Without the response, nothing is proved.
      if (!isOver) throw this.unavailable();
      if (this.settles(inflight, wanted, since)) break;
    }
    throw this.refusal(wanted, since);
  }

  private get waitMs(): number {
    return this.cached.isUsable ? KEY_POLICY.waitForUnknownKidMs : KEY_POLICY.waitForFirstKeysMs;
  }

  /** The refresh to wait for: the one in flight, or a new one where the limits allow it. */
  private join(wanted: WantedKey, since: number, lookup: KeyLookup): Inflight | undefined {
    const { refresher } = this;
    const { inflight } = refresher;
    if (inflight !== undefined) {
      lookup.result = 'coalesced';
      lookup.waitsFor(inflight.place);
      return inflight;
    }
    const trigger = this.triggerOfMiss;
    if (!refresher.canStart(trigger)) return undefined;
    if (trigger !== 'unknown_kid') {
      lookup.result = 'miss';
      return refresher.refresh({ trigger });
    }
    // During a cooldown only the store is read, which has a limit of its own.
    const permit = refresher.schedule.canFetch ? this.limiter.tryAcquire() : undefined;
    if (refresher.schedule.canFetch && permit === undefined) return undefined;
    lookup.result = 'miss';
    return refresher.refresh({ trigger, wanted, since, permit });
  }

  private get triggerOfMiss(): FetchTrigger {
    if (this.cached.isUsable) return 'unknown_kid';
    return this.cached.freshness.state === 'EMPTY' ? 'bootstrap' : 'expired';
  }

  /**
   * True when another refresh would prove no more. One that started before the token arrived may bring an older response,
   * and one that the store satisfied proves nothing by itself.
   */
  private settles({ startedAt, servedFromStore }: Inflight, wanted: WantedKey, since: number): boolean {
    if (startedAt < since || this.cached.isFlapping(wanted.kid)) return false;
    return !servedFromStore || this.provesAbsent(wanted, since);
  }

  private provesAbsent(wanted: WantedKey, since: number): boolean {
    return this.cached.provesAbsent(wanted, since, this.refresher.recentMs);
  }

  /** 401 only where the issuer is proved to have no such key; otherwise 503. */
  private refusal(wanted: WantedKey, since: number): AuthError {
    const isAbsent = this.cached.isUsable && this.provesAbsent(wanted, since);
    return isAbsent ? new AuthError('unknown_key') : this.unavailable();
  }

  private unavailable(): AuthError {
    const { isUsable } = this.cached;
    const { lastError, inflight, schedule } = this.refresher;
    const limitMs = isUsable ? this.limiter.waitMs : 0;
    const isLimited = limitMs > 0 && schedule.canFetch && inflight === undefined;
    const cause = lastError ?? (isLimited ? new JwksRateLimitError('The rate limit is reached') : undefined);
    return new AuthError('keys_unavailable', {
      retryAfterMs: Math.max(schedule.cooldownMs, limitMs),
      cause,
    });
  }

  private async allKeys(): Promise<readonly VerificationKey[]> {
    if (!this.cached.isUsable) await this.lookUp(undefined, undefined);
    return this.cached.keys.keys;
  }
}

/** The error that jwks-rsa has for a key that does not exist, and for its rate limit; others are returned as they are. */
export function asJwksRsaError(error: unknown): unknown {
  if (!(error instanceof AuthError)) return error;
  if (error.isRefusal)
    return new SigningKeyNotFoundError('Unable to find a signing key that matches the key id');
  return error.cause instanceof JwksRateLimitError ? error.cause : error;
}
