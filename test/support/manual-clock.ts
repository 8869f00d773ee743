import type { Clock } from '../../src/common/clock.js';

interface Timer {
  readonly at: number;
  /** Timers of the same moment run in the order in which they were set. */
  readonly order: number;
  /** Undefined when it was cancelled. */
  run: (() => void) | undefined;
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  private time = 0;
  private timersSet = 0;
  /** A binary heap: no timer is earlier than its parent, which stands at half its index. */
  private heap: Timer[] = [];

  /** @param wallOffset the wall clock when the monotonic one stands at 0, in milliseconds since 1970 */
  constructor(private wallOffset = Date.UTC(2030, 0)) {}

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return this.time + this.wallOffset;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { at: this.time + delayMs, order: this.timersSet++, run };
    this.push(timer);
    return () => (timer.run = undefined);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.heap.filter(({ run }) => run !== undefined).length;
  }

  /** When the next timer is due; Infinity when none is set. */
  get nextAt(): number {
    return Math.min(...this.heap.filter(({ run }) => run !== undefined).map(({ at }) => at));
  }

  /** Moves on, from timer to timer; what each one sets off settles before the next one runs. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    await settle();
    await this.goTo(until);
  }

  /** Like {@link advance}, to a moment; returns at once when no timer is due until then. */
  goTo(until: number): Promise<void> | undefined {
    const [next] = this.heap;
    if (next !== undefined && next.at <= until) return this.runTimers(until);
    this.time = until;
    return undefined;
  }

  /** Moves on at once, then runs the timers that have fallen due: what they set waits for the next move. */
  leapTo(time: number): void {
    this.time = time;
    const { timersSet } = this;
    for (let [next] = this.heap; next !== undefined && next.at <= time; [next] = this.heap) {
      if (next.order >= timersSet) break;
      this.pop();
      next.run?.();
    }
  }

  leap(ms: number): void {
    this.leapTo(this.time + ms);
  }

  /** Sets the wall clock alone, as an operator does, or a machine that slept. */
  moveWallClock(ms: number): void {
    this.wallOffset += ms;
  }

  /** Moves on at once, and loses every timer. */
  skip(ms: number): void {
    this.loseTimers();
    this.time += ms;
  }

  /** Loses every timer, as a frozen machine may. */
  loseTimers(): void {
    this.heap = [];
  }

  private async runTimers(until: number): Promise<void> {
    for (let [next] = this.heap; next !== undefined && next.at <= until; [next] = this.heap) {
      this.pop();
      if (next.run === undefined) continue;
      this.time = next.at;
      const { run } = next;
      next.run = undefined;
      run();
      await settle();
    }
    this.time = until;
  }

  private push(timer: Timer): void {
    const { heap } = this;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Timer;
      if (isEarlier(above, timer)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      const right = heap[child + 1];
      if (right !== undefined && isEarlier(right, heap[child] as Timer)) child += 1;
      const below = heap[child] as Timer;
      if (isEarlier(last, below)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}

/** Lets everything run that waits for nothing but the event loop. */
export const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const isEarlier = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
