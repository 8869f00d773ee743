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
    /** Whether a store spares one process what another has done. */
    private readonly isShared: boolean,
  ) {
    this.backOff = new BackOff(random);
  }

  /** After an answer of the issuer: ahead of `maxAge`, drawn anew each time. */
  succeeded(maxAgeMs: number): void {
    this.backOff.reset();
    this.suspendedUntil = 0;
    this.arm(this.refreshPoint(maxAgeMs));
  }

  /**
   * After another process has had an answer, `ageMs` ago. False when a refresh is due by now; it then comes soon. If the
   * issuer wants us to leave it alone, that still holds.
   */
  adopted(maxAgeMs: number, ageMs: number): boolean {
    const delayMs = this.refreshPoint(maxAgeMs) - ageMs;
    this.arm(delayMs > 0 ? delayMs : this.draw() * KEY_POLICY.overdueSpreadMs);
    return delayMs > 0;
  }

  /** After a failure: when the back-off is over, and not before. Returns the delay in milliseconds. */
  failed(error: JwksFetchError, hasKeys: boolean): number {
    const delayMs = this.backOff.next(error, hasKeys);
    this.suspendedUntil = this.clock.now() + delayMs;
    this.waitForIssuer(hasKeys);
    return delayMs;
  }

  /** When the back-off is over. Without keys the store, if there is one, is looked at meanwhile. */
  waitForIssuer(hasKeys: boolean): void {
    const lookMs = this.isShared && !hasKeys ? KEY_POLICY.storeLookMs : Infinity;
    this.arm(Math.min(this.suspendedForMs, lookMs));
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

  private refreshPoint(maxAgeMs: number): number {
    const [from, to] = KEY_POLICY.refreshAhead;
    return maxAgeMs * (from + this.draw() * (to - from));
  }

  /**
   * From 0 to 1. With a store, the first of a fleet to ask spares the others; so few may be early, and the more
   * processes there are, the fewer: else many would ask while the first is still waiting for its answer.
   */
  private draw(): number {
    const drawn = this.random();
    return this.isShared ? Math.sqrt(drawn) : drawn;
  }
}
