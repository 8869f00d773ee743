import type { Clock } from './clock.js';
import { withDeadline } from './deadline.js';

/** Bounds how many callers wait for something at once, and for how long. */
export class Bulkhead {
  private waiting = 0;

  constructor(
    private readonly clock: Clock,
    private readonly max: number,
  ) {}

  /** Waits for `done`, at most `limitMs` milliseconds; false when the time is over or too many wait already. */
  async wait(done: Promise<unknown>, limitMs: number): Promise<boolean> {
    if (this.waiting >= this.max || limitMs <= 0) return false;
    this.waiting += 1;
    const isDone = done.then(() => true);
    try {
      return await withDeadline(this.clock, limitMs, isDone, () => false);
    } finally {
      this.waiting -= 1;
    }
  }
}
