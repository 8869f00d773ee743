import type { Clock } from '../../src/common/clock.js';

interface Timer {
  readonly at: number;
  /** Timers of the same moment run in the order in which they were set. */
  readonly order: number;
  /** Undefined when it was cancelled. */
  run: (() => void) | undefined;
}

/** The wall clock when the virtual one stands at 0, in milliseconds since 1970. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

/** Time that passes only when told to. Timers run in order, and what one leads to has settled before the next runs. */
export class VirtualClock implements Clock {
  private time = 0;
  private timersSet = 0;
  /** A binary heap: no timer is earlier than its parent, which stands at half its index. */
  private readonly heap: Timer[] = [];

  now(): number {
    return this.time;
  }

  wallNow(): number {
    return EPOCH_MS + this.time;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { at: this.time + delayMs, order: this.timersSet++, run };
    this.push(timer);
    return () => (timer.run = undefined);
  }

  /** Goes to this moment, past every timer on the way; at once when there is none. */
  goTo(time: number): Promise<void> | undefined {
    const [next] = this.heap;
    if (next !== undefined && next.at <= time) return this.runTimers(time);
    this.time = time;
    return undefined;
  }

  private async runTimers(until: number): Promise<void> {
    for (let [next] = this.heap; next !== undefined && next.at <= until; [next] = this.heap) {
      this.pop();
      if (next.run === undefined) continue;
      this.time = next.at;
      next.run();
      await settled();
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

/** Resolves when no promise is left to run: an immediate comes after all microtasks. */
export const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const isEarlier = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
