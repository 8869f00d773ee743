import type { FetchTrigger } from '../telemetry/names.js';
import { withoutBaggage, type SpanPlace } from '../telemetry/span.js';
import { FAILED, Flight, type FlightOutcome } from './inflight.js';
import { HeldKeys } from './cached-key-set.js';
import { asJwksFetchError, JwksFetchError } from '../http/jwks-fetch.error.js';
import { traceKeyFetch } from './key-fetch-trace.js';
import { KeySetAsker, type KeySetAskerDeps } from './key-set-asker.js';
import { KeySetAge, type KeySetLifetime } from './freshness.js';
import { Parking } from './idle.js';
import { RefreshSchedule } from './refresh-schedule.js';

/** What keeping a key set takes, beyond asking for it. */
export interface KeySetKeeperDeps extends KeySetAskerDeps {
  readonly issuer: string;
  readonly random: () => number;
  readonly lifetime: KeySetLifetime;
  readonly deniedKids: Iterable<string>;
  /** True for a ring that asks rarely while nobody uses it. */
  readonly mayPark: boolean;
}

/**
 * Keeps one issuer's key set: one immutable snapshot, refreshed ahead of its age by one flight at a time, and
 * replaced only by an answer that passes the gate.
 */
export class KeySetKeeper {
  /** The flight in the air. */
  flight: Flight | undefined;
  /** What the last question failed with; undefined after an accepted answer. */
  lastError: JwksFetchError | undefined;
  readonly held: HeldKeys;
  readonly age: KeySetAge;
  readonly schedule: RefreshSchedule;
  readonly parking: Parking;
  /** True when the issuer is not asked any more. */
  isClosed = false;

  private readonly asker: KeySetAsker;

  constructor(private readonly deps: KeySetKeeperDeps) {
    const { clock, lifetime, shared } = deps;
    this.held = new HeldKeys(deps.deniedKids, clock, deps.onNews);
    this.age = new KeySetAge(lifetime, clock);
    this.parking = new Parking(clock, lifetime.staleForMs, deps.mayPark);
    this.schedule = new RefreshSchedule(clock, deps.random, () => this.fly('refresh'), shared !== undefined);
    this.asker = new KeySetAsker(deps, this);
  }

  /** Resolves when an answer has been accepted for the first time. */
  get loaded(): Promise<void> {
    return this.asker.loaded;
  }

  /** Where the keys in memory are from. */
  get jwksUri(): string | undefined {
    return this.asker.accepted?.answer.jwksUri;
  }

  /**
   * Starts a flight, or returns the one in the air. It looks into the store first, and asks the issuer unless that is
   * enough: who has no keys takes any, a refresh wants some that are not due for one. After `close`, one that has
   * failed.
   */
  fly(trigger: FetchTrigger, isEnough?: () => boolean): Flight {
    if (this.flight !== undefined) return this.flight;
    const hadKeys = this.age.isUsable;
    const flight = new Flight(
      this.deps.clock.now(),
      trigger,
      (found) => !hadKeys || (isEnough?.() ?? found === 'fresh'),
    );
    if (this.isClosed) {
      flight.land(FAILED);
      return flight;
    }
    this.flight = flight;
    void this.ask(flight).then((outcome) => {
      this.flight = undefined;
      flight.land(outcome);
    });
    return flight;
  }

  /** True when the issuer must not be asked, and it is too early to look into the store instead. */
  get isGrounded(): boolean {
    if (this.isClosed) return true;
    return this.schedule.suspendedForMs > 0 && this.deps.shared?.mayLook !== true;
  }

  /** Takes a key out for the life of the process; resolves to whether other processes will learn of it. */
  async deny(kid: string): Promise<boolean> {
    this.held.deny([kid]);
    const { shared } = this.deps;
    if (shared === undefined) return false;
    const isShared = await shared.deny(kid);
    this.held.deny(shared.deniedKids);
    return isShared;
  }

  /**
   * A request uses the keys: starts, without waiting, the refresh whose timer was lost, or which was put off because
   * nobody used them.
   */
  watch(): void {
    const { schedule } = this;
    if (this.parking.use()) schedule.hasten();
    if (this.flight === undefined && schedule.isOverdue && schedule.suspendedForMs === 0) this.fly('refresh');
  }

  /** Cancels the timer and the flight, and leaves the store alone. What is in memory stays. */
  close(): void {
    this.isClosed = true;
    this.deps.shared?.close();
    this.deps.turn?.close();
    this.schedule.close();
    this.flight?.cancel(new JwksFetchError('aborted', { message: 'the key ring was closed' }));
  }

  /** Never rejects: whatever happens, the schedule goes on. */
  private async ask(flight: Flight): Promise<FlightOutcome> {
    const { generation } = this.held;
    const { issuer, clock } = this.deps;
    const { trigger } = flight;
    const onPlace = (place: SpanPlace | undefined) => (flight.place = place);
    try {
      const { source, outcome } = await traceKeyFetch({ issuer, trigger, clock, onPlace }, () =>
        withoutBaggage(() => this.asker.ask(flight)),
      );
      if (source === 'issuer') this.lastError = undefined;
      return { accepted: outcome !== 'rejected', changed: this.held.generation !== generation };
    } catch (error) {
      this.fail(asJwksFetchError(error));
      return FAILED;
    }
  }

  private fail(error: JwksFetchError): void {
    this.lastError = error;
    if (this.isClosed) return;
    const retryInMs = this.schedule.failed(error, this.age.isUsable, this.parking.delayMs(false));
    void this.deps.turn?.failed(this.schedule.suspendedForMs);
    this.deps.onNews({ type: 'fetch_failed', error, state: this.age.state, retryInMs });
  }
}
