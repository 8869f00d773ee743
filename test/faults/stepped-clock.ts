import type { Clock } from '../../src/common/clock.js';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it. */
export class SteppedClock implements Clock {
  private readonly timers = new Set<Timer>();
  private monotonic = 0;
  private wall = Date.now();

  now(): number {
    return this.monotonic;
  }

  wallNow(): number {
    return this.wall;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.monotonic + delayMs, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** How many timers are armed: one for the next refresh, and one for each request that waits. */
  get armed(): number {
    return this.timers.size;
  }

  /** The time of the next timer; Infinity when none is armed. */
  get nextAt(): number {
    return Math.min(...[...this.timers].map(({ at }) => at));
  }

  /** Moves on by so much at once, then runs what has fallen due, each once: what they arm waits for the next move. */
  leap(ms: number): void {
    this.leapTo(this.monotonic + ms);
  }

  /** The same, to a point in time. */
  leapTo(time: number): void {
    this.wall += time - this.monotonic;
    this.monotonic = time;
    const due = [...this.timers].filter(({ at }) => at <= time);
    for (const timer of due.toSorted((a, b) => a.at - b.at)) {
      // One that ran before it may have cancelled it.
      if (this.timers.delete(timer)) timer.run();
    }
  }

  /** Sets the wall clock, and it alone, forward or back. */
  jumpWall(ms: number): void {
    this.wall += ms;
  }

  /** Loses every timer, as a frozen machine may. */
  loseTimers(): void {
    this.timers.clear();
  }
}
