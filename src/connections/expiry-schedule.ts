import type { Clock } from '../common/clock.js';
import { LONGEST_WAIT_MS } from '../common/wall-timer.js';

interface Entry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly run: () => void;
  /** Where it stands in the heap; -1 when it was taken out. */
  index: number;
}

/** Runs what is planned for a time, with one timer for all of it, which does not keep the process alive. */
export class ExpirySchedule {
  /** A binary heap: no entry is earlier than its parent, which stands at half its index. */
  private readonly heap: Entry[] = [];
  private cancelTimer: (() => void) | undefined;
  private wakesAt = Infinity;

  constructor(private readonly clock: Clock) {}

  /** How many entries are planned. */
  get size(): number {
    return this.heap.length;
  }

  /**
   * Runs `run` once when the wall clock has reached `at`, in milliseconds since 1970. Returns what takes it back; nothing
   * of it is kept then.
   */
  add(at: number, run: () => void): () => void {
    const entry: Entry = { at, run, index: this.heap.length };
    this.heap.push(entry);
    this.rise(entry);
    this.wake();
    return () => {
      this.remove(entry);
      this.wake();
    };
  }

  private wake(): void {
    const [next] = this.heap;
    if (next === undefined) return this.sleep();
    // One that wakes too early plans the next.
    if (this.wakesAt <= next.at) return;
    this.sleep();
    const now = this.clock.wallNow();
    const waitMs = Math.min(Math.max(next.at - now, 0), LONGEST_WAIT_MS);
    this.wakesAt = now + waitMs;
    this.cancelTimer = this.clock.after(waitMs, () => this.runDue());
  }

  private sleep(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.wakesAt = Infinity;
  }

  private runDue(): void {
    this.sleep();
    const now = this.clock.wallNow();
    const due: Entry[] = [];
    for (let [next] = this.heap; next !== undefined && next.at <= now; [next] = this.heap) {
      this.remove(next);
      due.push(next);
    }
    this.wake();
    for (const { run } of due) run();
  }

  private remove(entry: Entry): void {
    const { heap } = this;
    if (entry.index === -1) return;
    const last = heap.pop() as Entry;
    if (last !== entry) {
      this.place(last, entry.index);
      this.rise(last);
      this.sink(last);
    }
    entry.index = -1;
  }

  private rise(entry: Entry): void {
    while (entry.index > 0) {
      const above = this.heap[(entry.index - 1) >> 1] as Entry;
      if (above.at <= entry.at) return;
      this.swap(above, entry);
    }
  }

  private sink(entry: Entry): void {
    for (;;) {
      const [left, right] = this.heap.slice(2 * entry.index + 1, 2 * entry.index + 3);
      const below = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (below === undefined || entry.at <= below.at) return;
      this.swap(entry, below);
    }
  }

  private swap(above: Entry, below: Entry): void {
    const { index } = above;
    this.place(above, below.index);
    this.place(below, index);
  }

  private place(entry: Entry, index: number): void {
    entry.index = index;
    this.heap[index] = entry;
  }
}
