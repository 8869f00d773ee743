import { BackOff } from './back-off.js';
import { LONGEST_DELAY_MS, type Clock } from './clock.js';
import type { JwksFetchError } from './jwks-fetch.error.js';
import { KEY_POLICY } from './key-policy.js';

/** A moment, on both clocks. */
interface Moment {
  readonly at: number;
  readonly wallAt: number;
}

const NEVER: Moment = { at: Infinity, wallAt: Infinity };

/**
 * When the next question to the issuer is due. One timer, which never keeps the process alive; the wall clock may
 * also make a question due, since the monotonic one stands still while a machine is suspended.
 */
export class RefreshSchedule {
  private readonly backOff: BackOff;
  private cancel = (): void => {};
  private due = NEVER;
  private suspendedUntil: Moment | undefined;
  private closed = false;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly run: () => void,
  ) {
    this.backOff = new BackOff(random);
  }

  /** After an accepted answer: ahead of `maxAge`, drawn anew each time, but not before `atLeastMs` have passed. */
  succeeded(maxAgeMs: number, atLeastMs: number): void {
    const [from, to] = KEY_POLICY.refreshAhead;
    this.backOff.reset();
    this.suspendedUntil = undefined;
    this.arm(Math.max(atLeastMs, maxAgeMs * (from + this.random() * (to - from))));
  }

  /**
   * After a failure: when the back-off is over and `atLeastMs` have passed. Nobody asks during the back-off. Returns
   * the delay in milliseconds.
   */
  failed(error: JwksFetchError, hasKeys: boolean, atLeastMs: number): number {
    const backOffMs = this.backOff.next(error, hasKeys);
    const delayMs = Math.max(atLeastMs, backOffMs);
    this.suspendedUntil = this.in(backOffMs);
    this.arm(delayMs);
    return delayMs;
  }

  /** Brings the next question forward to now, or to the end of the back-off. */
  hasten(): void {
    this.arm(this.suspendedForMs);
  }

  /** How long no question may be asked, in milliseconds; 0 when one may. */
  get suspendedForMs(): number {
    return this.suspendedUntil === undefined ? 0 : Math.max(0, this.until(this.suspendedUntil));
  }

  /** Milliseconds until the next question is due; Infinity when none is. */
  get dueInMs(): number {
    return Math.max(0, this.until(this.due));
  }

  /** True when the timer must have been lost, by either clock. */
  get isOverdue(): boolean {
    return this.until(this.due) < -KEY_POLICY.watchdogMs;
  }

  close(): void {
    this.closed = true;
    this.cancel();
    this.due = NEVER;
  }

  private arm(delayMs: number): void {
    if (this.closed) return;
    this.cancel();
    const delay = Math.min(delayMs, LONGEST_DELAY_MS);
    this.due = this.in(delay);
    this.cancel = this.clock.after(delay, this.run);
  }

  private in(delayMs: number): Moment {
    return { at: this.clock.now() + delayMs, wallAt: this.clock.wallNow() + delayMs };
  }

  /** Milliseconds until this moment, by the clock that is ahead. */
  private until({ at, wallAt }: Moment): number {
    return Math.min(at - this.clock.now(), wallAt - this.clock.wallNow());
  }
}
