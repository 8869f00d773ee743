import type { FetchOutcome, FetchTrigger } from '../telemetry/names.js';
import { withoutBaggage, type SpanPlace } from '../telemetry/span.js';
import type { Clock } from './clock.js';
import { FAILED, Flight, type FlightOutcome } from './flight.js';
import { HeldKeys } from './held-keys.js';
import type { JwksAnswer, JwksSource } from './jwks.source.js';
import { asJwksFetchError, JwksFetchError } from './jwks-fetch.error.js';
import { traceKeyFetch, type KeyFetchReport } from './key-fetch.trace.js';
import type { KeyRingNews } from './key-ring.events.js';
import { KeySetAge, type KeySetLifetime } from './key-set.age.js';
import { KeySetGate } from './key-set.gate.js';
import { KeySetOddities } from './key-set.oddities.js';
import { KeySet, type ImportedKeySet } from './key-set.js';
import { Parking } from './parking.js';
import { RefreshSchedule } from './refresh.schedule.js';

export interface KeySetKeeperDeps {
  readonly issuer: string;
  readonly source: JwksSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onNews: (news: KeyRingNews) => void;
  readonly algorithms: readonly string[];
  readonly lifetime: KeySetLifetime;
  /** The deadline of one question, in milliseconds. */
  readonly timeoutMs: number;
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

  private readonly gate: KeySetGate;
  private readonly oddities: KeySetOddities;
  private readonly firstAnswer = Promise.withResolvers<void>();
  private accepted: JwksAnswer | undefined;
  /** What was made of it. */
  private imported: ImportedKeySet = { keySet: KeySet.EMPTY, unusable: [] };

  constructor(private readonly deps: KeySetKeeperDeps) {
    const { clock, lifetime } = deps;
    this.gate = new KeySetGate(deps.algorithms, clock);
    this.oddities = new KeySetOddities(clock, deps.onNews);
    this.held = new HeldKeys(deps.deniedKids, clock, deps.onNews);
    this.age = new KeySetAge(lifetime, clock);
    this.parking = new Parking(clock, lifetime.staleForMs, deps.mayPark);
    this.schedule = new RefreshSchedule(clock, deps.random, () => this.fly('refresh'));
  }

  /** Resolves when an answer has been accepted for the first time. */
  get loaded(): Promise<void> {
    return this.firstAnswer.promise;
  }

  /** Where the keys in memory are from. */
  get jwksUri(): string | undefined {
    return this.accepted?.jwksUri;
  }

  /** Starts a flight, or returns the one in the air. After `close`, one that has failed. */
  fly(trigger: FetchTrigger): Flight {
    if (this.flight !== undefined) return this.flight;
    const { clock, timeoutMs } = this.deps;
    const flight = new Flight(clock.now());
    if (this.isClosed) {
      flight.land(FAILED);
      return flight;
    }
    this.flight = flight;
    const timeout = new JwksFetchError('timeout', { message: 'did not answer in time' });
    const cancelDeadline = clock.after(timeoutMs, () => flight.cancel(timeout));
    void this.ask(trigger, flight).then((outcome) => {
      cancelDeadline();
      this.flight = undefined;
      flight.land(outcome);
    });
    return flight;
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

  /** Cancels the timer and the flight. What is in memory stays. */
  close(): void {
    this.isClosed = true;
    this.schedule.close();
    this.flight?.cancel(new JwksFetchError('aborted', { message: 'the key ring was closed' }));
  }

  /** Never rejects: whatever happens, the schedule goes on. */
  private async ask(trigger: FetchTrigger, flight: Flight): Promise<FlightOutcome> {
    const { generation } = this.held;
    const { issuer, clock } = this.deps;
    const onPlace = (place: SpanPlace | undefined) => (flight.place = place);
    try {
      await traceKeyFetch({ issuer, trigger, clock, onPlace }, () => this.askOnce(flight));
      return { accepted: true, changed: this.held.generation !== generation };
    } catch (error) {
      this.fail(asJwksFetchError(error));
      return FAILED;
    }
  }

  private async askOnce(flight: Flight): Promise<KeyFetchReport> {
    try {
      const { source } = this.deps;
      const answer = await withoutBaggage(() =>
        flight.bound((signal) => source.fetch(this.accepted, signal)),
      );
      // Nothing has changed: each key was imported when it came.
      const imported = answer.status === 304 ? this.imported : this.gate.accept(answer);
      const outcome = this.confirm(answer, imported, flight.startedAt);
      return { status: answer.status, outcome, keyCount: imported.keySet.keys.length };
    } catch (error) {
      throw asJwksFetchError(error);
    }
  }

  /** Takes an accepted answer: one atomic swap, one new age. */
  private confirm(answer: JwksAnswer, imported: ImportedKeySet, askedAt: number): FetchOutcome {
    const { clock, onNews } = this.deps;
    const { generation } = this.held;
    const wasUsable = this.age.isUsable;
    this.accepted = answer;
    this.imported = imported;
    this.lastError = undefined;
    this.age.confirm(answer.headers, askedAt);
    this.schedule.succeeded(this.age.maxAgeMs, this.parking.delayMs(true));
    this.held.replace(imported.keySet);
    this.firstAnswer.resolve();
    const { keys, algorithms } = this.held.keySet;
    if (!wasUsable) {
      const tookMs = clock.now() - askedAt;
      onNews({ type: 'keys_loaded', keyCount: keys.length, algorithms, jwksUri: answer.jwksUri, tookMs });
    }
    this.oddities.report(answer, imported);
    return this.held.generation === generation ? 'confirmed' : 'replaced';
  }

  private fail(error: JwksFetchError): void {
    this.lastError = error;
    if (this.isClosed) return;
    const retryInMs = this.schedule.failed(error, this.age.isUsable, this.parking.delayMs(false));
    this.deps.onNews({ type: 'fetch_failed', error, state: this.age.state, retryInMs });
  }
}
