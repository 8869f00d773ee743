import { BackOff } from './back-off.js';
import { LONGEST_DELAY_MS, type Clock } from '../common/clock.js';
import type { FoundInStore } from './inflight.js';
import type { JwksFetchError } from '../http/jwks-fetch.error.js';
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
    /** Whether there is a store, through which one process spares others what it has done. */
    private readonly isShared = false,
  ) {
    this.backOff = new BackOff(random);
  }

  /** After an accepted answer: ahead of `maxAge`, drawn anew each time, but not before `atLeastMs` have passed. */
  succeeded(maxAgeMs: number, atLeastMs: number): void {
    this.backOff.reset();
    this.suspendedUntil = undefined;
    this.arm(Math.max(atLeastMs, this.refreshPoint(maxAgeMs)));
  }

  /**
   * After an answer that another process had `ageMs` ago. Says whether a refresh is due by now; it then comes soon. If
   * the issuer wants us to leave it alone, that still holds.
   */
  adopted(maxAgeMs: number, ageMs: number, atLeastMs: number): FoundInStore {
    const delayMs = this.refreshPoint(maxAgeMs) - ageMs;
    this.arm(Math.max(atLeastMs, delayMs > 0 ? delayMs : this.draw() * KEY_POLICY.overdueSpreadMs));
    return delayMs > 0 ? 'fresh' : 'due';
  }

  /**
   * After a failure: when the back-off is over and `atLeastMs` have passed. Nobody asks during the back-off. Returns
   * the delay in milliseconds.
   */
  failed(error: JwksFetchError, hasKeys: boolean, atLeastMs: number): number {
    const backOffMs = this.backOff.next(error, hasKeys);
    const delayMs = Math.max(atLeastMs, backOffMs);
    this.suspendedUntil = this.in(backOffMs);
    this.waitForIssuer(hasKeys, delayMs);
    return delayMs;
  }

  /** Waits for the end of the back-off. Without keys the store, if there is one, is looked at meanwhile. */
  waitForIssuer(hasKeys: boolean, delayMs = this.suspendedForMs): void {
    this.arm(this.isShared && !hasKeys ? Math.min(delayMs, KEY_POLICY.storeLookMs) : delayMs);
  }

  /**
   * Another process asks, or waits for the end of its back-off, for so long. Then comes a moment that is drawn, so that
   * one of a fleet comes first, and goes on from that many failures if it fails too.
   */
  gaveWay(waitMs: number, failures: number): void {
    this.backOff.catchUp(failures);
    this.arm(waitMs + this.draw() * KEY_POLICY.turnSpreadMs);
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

  private in(delayMs: number): Moment {
    return { at: this.clock.now() + delayMs, wallAt: this.clock.wallNow() + delayMs };
  }

  /** Milliseconds until this moment, by the clock that is ahead. */
  private until({ at, wallAt }: Moment): number {
    return Math.min(at - this.clock.now(), wallAt - this.clock.wallNow());
  }
}
