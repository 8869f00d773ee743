import type { Clock } from '../../common/clock.js';
import { KEY_POLICY } from '../key-policy.js';

/** One permit, less what many small refills may fall short of it by rounding. */
const ONE = 1 - 1e-9;

/** Permission for one refresh. */
export interface Permit {
  /** Returns it: the refresh brought the key it was for, or failed. Once only. */
  refund(): void;
}

/**
 * How often unknown kids may cause a refresh: a token bucket, apart from the scheduled refreshes. Its interval is that of
 * the option `keys.jwksRequestsPerMinute` and grows while the refreshes change nothing; its size and the growth are
 * `unknownKidBurst`, `slowDownAfter` and `slowDownCeilingMs` of the {@link KEY_POLICY}.
 */
export class UnknownKidLimiter {
  private permits: number = KEY_POLICY.unknownKidBurst;
  private refilledAt: number;
  private unchanged = 0;

  constructor(
    private readonly clock: Clock,
    private readonly requestsPerMinute: number,
  ) {
    this.refilledAt = clock.now();
  }

  /** The refill interval in milliseconds while refreshes bring new keys. */
  get baseIntervalMs(): number {
    return 60_000 / this.requestsPerMinute;
  }

  /** The current refill interval in milliseconds. */
  get intervalMs(): number {
    const interval = this.baseIntervalMs;
    const doublings = Math.min(20, Math.max(0, this.unchanged - KEY_POLICY.slowDownAfter + 1));
    return Math.max(interval, Math.min(KEY_POLICY.slowDownCeilingMs, interval * 2 ** doublings));
  }

  /** Undefined when there is none left. */
  tryAcquire(): Permit | undefined {
    this.refill();
    if (this.permits < ONE) return undefined;
    this.permits -= 1;
    let isRefunded = false;
    return {
      refund: () => {
        if (isRefunded) return;
        isRefunded = true;
        this.permits = Math.min(KEY_POLICY.unknownKidBurst, this.permits + 1);
      },
    };
  }

  /** A refresh for an unknown kid changed nothing. */
  slowDown(): void {
    this.refill();
    this.unchanged += 1;
  }

  /** The keys have changed, whatever caused it: the next refresh may bring the key. */
  reset(): void {
    this.refill();
    this.unchanged = 0;
  }

  /** Milliseconds until there is a permit. */
  get waitMs(): number {
    this.refill();
    return this.permits >= ONE ? 0 : (1 - this.permits) * this.intervalMs;
  }

  private refill(): void {
    const now = this.clock.now();
    const refilled = this.permits + (now - this.refilledAt) / this.intervalMs;
    this.permits = Math.min(KEY_POLICY.unknownKidBurst, refilled);
    this.refilledAt = now;
  }
}
