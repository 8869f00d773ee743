import type { Clock } from '../../src/common/clock.js';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Time that stands still until it is told to go on. */
export class FakeClock implements Clock {
  private time = 0;
  /** What the wall clock shows beyond the monotonic one. */
  private wallOffset = Date.UTC(2030, 0);
  private timers: Timer[] = [];

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return this.time + this.wallOffset;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.time + delayMs, run };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((one) => one !== timer));
  }

  /** How many timers are set. */
  get pending(): number {
    return this.timers.length;
  }

  /** Goes on, running what falls due in its order; what each run sets off has settled before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (let next = this.nextDue(end); next !== undefined; next = this.nextDue(end)) {
      this.timers = this.timers.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await settle();
    }
    this.time = end;
  }

  /** The wall clock is set, or the machine sleeps: monotonic time and timers stand still. */
  moveWallClock(ms: number): void {
    this.wallOffset += ms;
  }

  /** Time passes, and timers are lost. */
  loseTimers(): void {
    this.timers = [];
  }

  private nextDue(end: number): Timer | undefined {
    return this.timers
      .filter(({ at }) => at <= end)
      .reduce<Timer | undefined>(
        (first, one) => (first === undefined || one.at < first.at ? one : first),
        undefined,
      );
  }
}

/** Lets everything run that waits for nothing but the event loop. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
