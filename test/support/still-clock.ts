import type { Clock } from '../../src/common/clock.js';

/** Time that passes when it is told to, and timers that never fire. */
export class StillClock implements Clock {
  private time = 0;
  readonly now = () => this.time;
  readonly wallNow = () => this.time;
  readonly after = () => () => {};

  pass(ms: number): void {
    this.time += ms;
  }
}
