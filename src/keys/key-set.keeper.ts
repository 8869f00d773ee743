import { activePlace, withoutBaggage, withSpan } from '../telemetry/span.js';
import { ATTRIBUTES, SPANS } from '../telemetry/names.js';
import type { Flight } from './flight.js';
import { HeldKeys, type HeldKeysDeps } from './held-keys.js';
import { JwksFetchError } from './jwks-fetch.error.js';
import type { FetchTrigger } from './key-ring.events.js';
import { KeySetAsker, type KeySetAskerDeps } from './key-set.asker.js';
import type { KeySetAge } from './key-set.age.js';
import type { KeySet } from './key-set.js';
import { RefreshSchedule } from './refresh.schedule.js';

export interface KeySetKeeperDeps extends HeldKeysDeps, KeySetAskerDeps {
  readonly issuer: string;
  readonly random: () => number;
}

/**
 * Keeps one issuer's key set: one immutable snapshot, refreshed ahead of its age by one flight at a time, and
 * replaced only by an answer that passes the gate.
 */
export class KeySetKeeper {
  /** The flight in the air. */
  flight: Flight | undefined;
  /** What the last question to the issuer failed with; undefined after an accepted answer. */
  lastError: JwksFetchError | undefined;
  readonly schedule: RefreshSchedule;

  private readonly held: HeldKeys;
  private readonly asker: KeySetAsker;
  private readonly abort = new AbortController();

  constructor(private readonly deps: KeySetKeeperDeps) {
    const { clock, random, shared } = deps;
    this.held = new HeldKeys(deps);
    this.schedule = new RefreshSchedule(clock, random, () => this.fly('refresh'), shared !== undefined);
    this.asker = new KeySetAsker(deps, this.held, this.schedule, this.abort.signal);
  }

  /** The snapshot; empty before the first accepted answer. */
  get keySet(): KeySet {
    return this.held.keySet;
  }

  /** Rises when the keys have changed. */
  get generation(): number {
    return this.held.generation;
  }

  get age(): KeySetAge {
    return this.held.age;
  }

  /** Resolves with the first accepted answer. */
  get loaded(): Promise<void> {
    return this.held.loaded;
  }

  /**
   * Starts a flight, or returns the one in the air. It looks into the store first, and asks the issuer unless that is
   * enough: who has no keys takes any, a refresh wants some that are not due for one.
   */
  fly(trigger: FetchTrigger, isEnough?: () => boolean): Flight {
    if (this.flight !== undefined) return this.flight;
    const { promise: done, resolve } = Promise.withResolvers<Awaited<Flight['done']>>();
    const hadKeys = this.age.isUsable;
    const flight: Flight = {
      trigger,
      startedAt: this.deps.clock.now(),
      isEnough: (found) => !hadKeys || (isEnough?.() ?? found === 'fresh'),
      hasAskedIssuer: false,
      done,
      place: undefined,
    };
    this.flight = flight;
    void this.ask(flight)
      .finally(() => (this.flight = undefined))
      .then(resolve);
    return flight;
  }

  /** True when the issuer must not be asked yet, and it is too early to look into the store instead. */
  get isGrounded(): boolean {
    return this.schedule.suspendedForMs > 0 && this.deps.shared?.mayLook !== true;
  }

  /** Starts the refresh whose timer was lost, without waiting for it. */
  watch(): void {
    const { schedule } = this;
    if (this.flight === undefined && schedule.isOverdue && schedule.suspendedForMs === 0) this.fly('refresh');
  }

  isDenied(kid: string | undefined): boolean {
    return this.held.isDenied(kid);
  }

  /** Takes a key out for good; resolves to whether other processes will learn of it. */
  async deny(kid: string): Promise<boolean> {
    this.held.deny([kid]);
    const { shared } = this.deps;
    if (shared === undefined) return false;
    const isShared = await shared.deny(kid);
    this.held.deny(shared.deniedKids);
    return isShared;
  }

  /** Cancels the timer and the flight, and leaves the store alone from now on. */
  close(): void {
    this.schedule.close();
    this.abort.abort();
    this.deps.shared?.close();
  }

  private async ask(flight: Flight): Promise<Awaited<Flight['done']>> {
    const { trigger } = flight;
    const { generation } = this;
    const isBackground = trigger === 'refresh';
    const links = isBackground ? [activePlace()].filter((place) => place !== undefined) : [];
    const attributes = { [ATTRIBUTES.jwksIssuer]: this.deps.issuer, [ATTRIBUTES.fetchTrigger]: trigger };
    try {
      const source = await withSpan(SPANS.fetch, { attributes, root: isBackground, links }, (span) => {
        flight.place = span.place;
        return withoutBaggage(() => this.asker.ask(flight, span));
      });
      if (source === 'issuer') this.lastError = undefined;
      return { accepted: source !== undefined, changed: this.generation !== generation };
    } catch (error) {
      this.fail(error);
      return { accepted: false, changed: false };
    }
  }

  private fail(error: unknown): void {
    this.lastError =
      error instanceof JwksFetchError ? error : new JwksFetchError('network', { cause: error });
    if (this.abort.signal.aborted) return;
    const retryInMs = this.schedule.failed(this.lastError, this.age.isUsable);
    this.deps.onNews({ type: 'fetch_failed', error: this.lastError, state: this.age.state, retryInMs });
  }
}
