import { BackOff } from './back-off.js';
import type { Clock } from './clock.js';
import type { JwksFetchError } from './jwks-fetch.error.js';
import { KEY_POLICY } from './key-policy.js';

/**
 * When the next question to the issuer is due. One timer, which never keeps the process alive; the wall clock may
 * also make a question due, since the monotonic one stands still while a machine is suspended.
 */
export class RefreshSchedule {
  private readonly backOff: BackOff;
  private cancel = (): void => {};
  private due = { at: Infinity, wallAt: Infinity };
  private suspendedUntil = 0;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly run: () => void,
  ) {
    this.backOff = new BackOff(random);
  }

  /** After an accepted answer: ahead of `maxAge`, drawn anew each time. */
  succeeded(maxAgeMs: number): void {
    const [from, to] = KEY_POLICY.refreshAhead;
    this.backOff.reset();
    this.suspendedUntil = 0;
    this.arm(maxAgeMs * (from + this.random() * (to - from)));
  }

  /** After a failure: when the back-off is over, and not before. Returns the delay in milliseconds. */
  failed(error: JwksFetchError, hasKeys: boolean): number {
    const delayMs = this.backOff.next(error, hasKeys);
    this.suspendedUntil = this.clock.now() + delayMs;
    this.arm(delayMs);
    return delayMs;
  }

  /** How long no question may be asked, in milliseconds; 0 when one may. */
  get suspendedForMs(): number {
    return Math.max(0, this.suspendedUntil - this.clock.now());
  }

  /** Milliseconds until the next question is due. */
  get dueInMs(): number {
    return Math.max(0, this.due.at - this.clock.now());
  }

  /** True when the timer must have been lost, by either clock. */
  get isOverdue(): boolean {
    const { watchdogMs } = KEY_POLICY;
    return this.clock.now() > this.due.at + watchdogMs || this.clock.wallNow() > this.due.wallAt + watchdogMs;
  }

  close(): void {
    this.closed = true;
    this.cancel();
    this.due = { at: Infinity, wallAt: Infinity };
  }

  private arm(delayMs: number): void {
    if (this.closed) return;
    this.cancel();
    this.due = { at: this.clock.now() + delayMs, wallAt: this.clock.wallNow() + delayMs };
    this.cancel = this.clock.after(delayMs, this.run);
  }
}
