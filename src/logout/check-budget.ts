import type { Clock } from '../common/clock.js';

/** How many checks a minute are made: a token bucket that holds the checks of one minute. */
export class CheckBudget {
  private left: number;
  private refilledAt: number;

  constructor(
    private readonly perMinute: number,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    this.left = perMinute;
    this.refilledAt = clock.now();
  }

  /** Takes one; false when there is none left. */
  take(): boolean {
    const now = this.clock.now();
    this.left = Math.min(this.perMinute, this.left + (now - this.refilledAt) / this.intervalMs);
    this.refilledAt = now;
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }

  /** Milliseconds until there is one more. */
  get intervalMs(): number {
    return 60_000 / this.perMinute;
  }
}
