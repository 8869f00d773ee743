import { LONGEST_DELAY_MS, type Clock } from '../common/clock.js';
import type { JwksFetchError } from '../http/jwks-fetch.error.js';
import { KEY_POLICY } from './key-policy.js';

/** When and how often one ring refreshes. */
export interface RefreshScheduleOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** True with a store, where one process of a fleet saves the others the fetch. */
  readonly isShared: boolean;
  /** True for a ring that refreshes rarely while it is not used. */
  readonly mayIdle: boolean;
  /** How long keys may be used beyond `maxAge`, in milliseconds. */
  readonly staleIfErrorMs: number;
}

/** A moment, by both clocks. */
interface Moment {
  readonly at: number;
  readonly wallAt: number;
}

const NEVER: Moment = { at: Infinity, wallAt: Infinity };

/**
 * When the next refresh is due. One timer, which never keeps the process alive; the wall clock can also make a refresh
 * due, since the monotonic clock does not advance while a machine is suspended.
 */
export class RefreshSchedule {
  /** True while the next refresh is put off because the ring is not used. */
  isIdle = false;
  private failures = 0;
  private throttles = 0;
  private due = NEVER;
  private cooldownUntil: Moment | undefined;
  private usedAt: number;
  private isClosed = false;
  private cancel = (): void => {};

  constructor(
    private readonly options: RefreshScheduleOptions,
    private readonly run: () => void,
  ) {
    this.usedAt = options.clock.now();
  }

  /** The issuer responded: the back-off starts anew. */
  reset(): void {
    this.failures = 0;
    this.throttles = 0;
    this.cooldownUntil = undefined;
  }

  /**
   * Plans the refresh of keys that are `ageMs` old, ahead of their `maxAge` by a random part of it. Returns false when that
   * moment has passed: then it comes soon, spread at random.
   */
  planAhead(maxAgeMs: number, ageMs: number): boolean {
    const [from, to] = KEY_POLICY.refreshAhead;
    const delayMs = maxAgeMs * (from + this.draw() * (to - from)) - ageMs;
    const isAhead = delayMs > 0;
    const idleMs = this.idleDelayMs(KEY_POLICY.idleRefreshes);
    this.arm(Math.max(idleMs, isAhead ? delayMs : this.draw() * KEY_POLICY.overdueSpreadMs));
    return isAhead;
  }

  /**
   * Plans the next attempt after a failure, and forbids fetches until the back-off is over. Returns the delay in
   * milliseconds; Infinity when the next attempt waits for a token.
   */
  backOff(error: JwksFetchError, hasKeys: boolean): number {
    const backOffMs = this.nextBackOffMs(error, hasKeys);
    const delayMs = Math.max(this.idleDelayMs(KEY_POLICY.idleRetries), backOffMs);
    this.cooldownUntil = this.in(backOffMs);
    this.planAfterCooldown(hasKeys, delayMs);
    return this.fetchesOnDemand(hasKeys) ? Infinity : delayMs;
  }

  /** Plans the next attempt for the end of the cooldown. Without keys the store, if there is one, is read meanwhile. */
  planAfterCooldown(hasKeys: boolean, delayMs = this.cooldownMs): void {
    if (this.fetchesOnDemand(hasKeys)) return this.disarm();
    const readsStore = this.options.isShared && !hasKeys;
    this.arm(readsStore ? Math.min(delayMs, KEY_POLICY.storeLookMs) : delayMs);
  }

  /** Plans the next attempt where too many refreshes are in flight: after a second or two, at random. */
  planForCapacity(hasKeys: boolean): void {
    const delayMs = KEY_POLICY.capacityRetryMs * (1 + this.options.random());
    this.planAfterCooldown(hasKeys, Math.max(this.cooldownMs, delayMs));
  }

  /**
   * Another process holds the lease: retries after that plus jitter, so that the processes of a fleet come back one by
   * one; the back-off goes on from the failures of the other.
   */
  deferTo(lease: { readonly waitMs: number; readonly failures: number }): void {
    this.failures = Math.max(this.failures, lease.failures);
    this.arm(lease.waitMs + this.draw() * KEY_POLICY.leaseSpreadMs);
  }

  /** A request uses the ring: ends its idling, and brings the refresh that was put off forward. */
  use(): void {
    if (!this.options.mayIdle) return;
    this.usedAt = this.options.clock.now();
    if (!this.isIdle) return;
    this.isIdle = false;
    this.arm(this.cooldownMs);
  }

  /** How long nothing may be fetched from the issuer, in milliseconds; 0 when it may. */
  get cooldownMs(): number {
    return this.cooldownUntil === undefined ? 0 : Math.max(0, this.until(this.cooldownUntil));
  }

  get canFetch(): boolean {
    return this.cooldownMs === 0;
  }

  /** Milliseconds until the next refresh is due; Infinity when none is planned. */
  get dueInMs(): number {
    return Math.max(0, this.until(this.due));
  }

  /** True when the timer must have been lost, by either clock. */
  get isOverdue(): boolean {
    return this.until(this.due) < -KEY_POLICY.watchdogMs;
  }

  close(): void {
    this.isClosed = true;
    this.disarm();
  }

  /**
   * Doubles from failure to failure, with equal jitter: half of the delay is fixed, half is random, so that the
   * retries of a fleet spread out. It never ends.
   */
  private nextBackOffMs({ isThrottled, retryAfterMs }: JwksFetchError, hasKeys: boolean): number {
    // Counted apart: after an outage, the first 429 must not cause a pause of ten minutes.
    const before = isThrottled ? this.throttles++ : this.failures++;
    if (isThrottled && retryAfterMs !== undefined) {
      const [floor, ceiling] = KEY_POLICY.retryAfterBoundsMs;
      return Math.min(ceiling, Math.max(floor, retryAfterMs));
    }
    const withoutThrottle = hasKeys ? KEY_POLICY.backOffWithKeysMs : KEY_POLICY.backOffWithoutKeysMs;
    const [first, ceiling] = isThrottled ? KEY_POLICY.throttledBackOffMs : withoutThrottle;
    // 2 ** 20 keeps the product finite in an outage of any length.
    const delay = Math.min(ceiling, first * 2 ** Math.min(before, 20));
    return delay / 2 + (this.options.random() * delay) / 2;
  }

  /** True for the ring of a dynamic issuer without keys: no further token may ever name that issuer. */
  private fetchesOnDemand(hasKeys: boolean): boolean {
    return this.options.mayIdle && !hasKeys;
  }

  /** How long the next refresh waits at least: 0 for a ring in use, a part of `staleIfErrorMs` for an idle one. */
  private idleDelayMs(parts: number): number {
    const { clock, mayIdle, staleIfErrorMs } = this.options;
    this.isIdle = mayIdle && clock.now() - this.usedAt >= KEY_POLICY.idleAfterMs;
    return this.isIdle ? staleIfErrorMs / parts : 0;
  }

  private disarm(): void {
    this.cancel();
    this.due = NEVER;
  }

  private arm(delayMs: number): void {
    if (this.isClosed) return;
    this.cancel();
    const delay = Math.min(delayMs, LONGEST_DELAY_MS);
    this.due = this.in(delay);
    this.setTimer(delay);
  }

  /** Timers of Node count whole milliseconds, so one may fire before its moment, and then waits for the rest. */
  private setTimer(delayMs: number): void {
    this.cancel = this.options.clock.after(delayMs, () => {
      const { dueInMs } = this;
      if (dueInMs > 0) this.setTimer(dueInMs);
      else this.run();
    });
  }

  /**
   * A random number from 0 to 1. With a store, the first process of a fleet to fetch saves the others the fetch; so few
   * may be early, and the more processes there are, the fewer: else many would fetch while the first one still waits.
   */
  private draw(): number {
    const drawn = this.options.random();
    return this.options.isShared ? Math.sqrt(drawn) : drawn;
  }

  private in(delayMs: number): Moment {
    const { clock } = this.options;
    return { at: clock.now() + delayMs, wallAt: clock.wallNow() + delayMs };
  }

  /** Milliseconds until this moment, by the clock that is ahead. */
  private until({ at, wallAt }: Moment): number {
    const { clock } = this.options;
    return Math.min(at - clock.now(), wallAt - clock.wallNow());
  }
}
