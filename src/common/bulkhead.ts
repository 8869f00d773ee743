import type { Clock } from './clock.js';

/** Requests that wait for a flight: bounded in time and in number. */
export class WaitingRoom {
  private waiting = 0;

  constructor(
    private readonly clock: Clock,
    private readonly max: number,
  ) {}

  /** Waits until `done` resolves, at most `limitMs`; false when the time ran out or the room is full. */
  async wait(done: Promise<unknown>, limitMs: number): Promise<boolean> {
    if (this.waiting >= this.max || limitMs <= 0) return false;
    this.waiting += 1;
    const timeout = Promise.withResolvers<boolean>();
    const cancel = this.clock.after(limitMs, () => timeout.resolve(false));
    try {
      return await Promise.race([done.then(() => true), timeout.promise]);
    } finally {
      cancel();
      this.waiting -= 1;
    }
  }
}
