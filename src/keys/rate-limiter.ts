import type { Clock } from '../common/clock.js';
import { KEY_POLICY } from './key-policy.js';

/** A charge, less what the sum of many small refills may be short of it. */
const ONE = 1 - 1e-9;

/**
 * How often unknown kids may cause a question to the issuer: a token bucket of its own, apart from the scheduler's
 * refreshes, whose interval grows while the questions change nothing.
 */
export class UnknownKidBudget {
  private charges: number = KEY_POLICY.unknownKidBurst;
  private settledAt: number;
  private futile = 0;

  constructor(
    private readonly clock: Clock,
    private readonly requestsPerMinute: number,
  ) {
    this.settledAt = clock.now();
  }

  /** The current refill interval in milliseconds. */
  get intervalMs(): number {
    const interval = 60_000 / this.requestsPerMinute;
    const doublings = Math.min(20, Math.max(0, this.futile - KEY_POLICY.futileAfter + 1));
    return Math.max(interval, Math.min(KEY_POLICY.futilityCeilingMs, interval * 2 ** doublings));
  }

  /** Takes one charge; false when there is none. */
  take(): boolean {
    this.settle();
    if (this.charges < ONE) return false;
    this.charges -= 1;
    return true;
  }

  /** Gives a charge back: the question brought the kid that it was asked for, or failed. */
  giveBack(): void {
    this.charges = Math.min(KEY_POLICY.unknownKidBurst, this.charges + 1);
  }

  /** A question for an unknown kid changed nothing. */
  wasFutile(): void {
    this.settle();
    this.futile += 1;
  }

  /** The keys have changed, whatever it was that asked: the next question may well bring something. */
  keysChanged(): void {
    this.settle();
    this.futile = 0;
  }

  /** Milliseconds until there is a charge again. */
  get waitMs(): number {
    this.settle();
    return this.charges >= ONE ? 0 : (1 - this.charges) * this.intervalMs;
  }

  private settle(): void {
    const now = this.clock.now();
    this.charges = Math.min(
      KEY_POLICY.unknownKidBurst,
      this.charges + (now - this.settledAt) / this.intervalMs,
    );
    this.settledAt = now;
  }
}
