import type { FetchOutcome, FetchTrigger } from '../telemetry/names.js';
import { withoutBaggage, type SpanPlace } from '../telemetry/span.js';
import type { Clock } from './clock.js';
import type { JwksAnswer, JwksSource } from './jwks.source.js';
import { asJwksFetchError, type JwksFetchError } from './jwks-fetch.error.js';
import { traceKeyFetch, type KeyFetchReport } from './key-fetch.trace.js';
import type { KeyRingNews } from './key-ring.events.js';
import { KeySetAge, type KeySetLifetime } from './key-set.age.js';
import { KeySetGate } from './key-set.gate.js';
import { KeySetOddities } from './key-set.oddities.js';
import { isEmptyDiff, KeySet, type ImportedKeySet } from './key-set.js';
import { RefreshSchedule } from './refresh.schedule.js';

/** One question to the issuer, shared by all who wait for its answer. */
export interface Flight {
  readonly startedAt: number;
  /** Resolves when it is over, whatever came of it; never rejects. */
  readonly done: Promise<{ readonly accepted: boolean; readonly changed: boolean }>;
  /** The span of the fetch, for those who wait to link to. */
  place: SpanPlace | undefined;
}

export interface KeySetKeeperDeps {
  readonly issuer: string;
  readonly source: JwksSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onNews: (news: KeyRingNews) => void;
  readonly algorithms: readonly string[];
  readonly lifetime: KeySetLifetime;
  readonly deniedKids: readonly string[];
}

/**
 * Keeps one issuer's key set: one immutable snapshot, refreshed ahead of its age by one flight at a time, and
 * replaced only by an answer that passes the gate.
 */
export class KeySetKeeper {
  /** The snapshot; empty before the first accepted answer. */
  keySet = new KeySet([]);
  /** Rises when the keys have changed. */
  generation = 0;
  /** The flight in the air. */
  flight: Flight | undefined;
  /** What the last question failed with; undefined after an accepted answer. */
  lastError: JwksFetchError | undefined;
  readonly age: KeySetAge;
  readonly schedule: RefreshSchedule;
  private readonly loading = Promise.withResolvers<void>();
  /** Resolved by the first accepted answer. */
  readonly loaded: Promise<void> = this.loading.promise;

  private readonly gate: KeySetGate;
  private readonly oddities: KeySetOddities;
  private readonly denied: Set<string>;
  private readonly abort = new AbortController();
  private accepted: JwksAnswer | undefined;
  private imported = new KeySet([]);

  constructor(private readonly deps: KeySetKeeperDeps) {
    this.gate = new KeySetGate(deps.algorithms, deps.clock);
    this.oddities = new KeySetOddities(deps.clock, deps.onNews);
    this.age = new KeySetAge(deps.lifetime, deps.clock);
    this.denied = new Set(deps.deniedKids);
    this.schedule = new RefreshSchedule(deps.clock, deps.random, () => this.fly('refresh'));
  }

  /** Starts a flight, or returns the one in the air. */
  fly(trigger: FetchTrigger): Flight {
    if (this.flight !== undefined) return this.flight;
    const { promise: done, resolve } = Promise.withResolvers<Awaited<Flight['done']>>();
    const flight: Flight = { startedAt: this.deps.clock.now(), done, place: undefined };
    this.flight = flight;
    void this.ask(trigger, flight)
      .finally(() => (this.flight = undefined))
      .then(resolve);
    return flight;
  }

  /** Starts the refresh whose timer was lost, without waiting for it. */
  watch(): void {
    const { schedule } = this;
    if (this.flight === undefined && schedule.isOverdue && schedule.suspendedForMs === 0) this.fly('refresh');
  }

  isDenied(kid: string | undefined): boolean {
    return kid !== undefined && this.denied.has(kid);
  }

  /** Takes a key out for the life of the process. */
  deny(kid: string): void {
    this.denied.add(kid);
    this.swap(this.imported);
  }

  /** Cancels the timer and the flight. */
  close(): void {
    this.schedule.close();
    this.abort.abort();
  }

  private async ask(trigger: FetchTrigger, flight: Flight): Promise<Awaited<Flight['done']>> {
    const generation = this.generation;
    const { issuer, clock } = this.deps;
    const onPlace = (place: SpanPlace | undefined) => (flight.place = place);
    try {
      await traceKeyFetch({ issuer, trigger, clock, onPlace }, () => this.askOnce(flight.startedAt));
      return { accepted: true, changed: this.generation !== generation };
    } catch (error) {
      this.fail(error as JwksFetchError);
      return { accepted: false, changed: false };
    }
  }

  private async askOnce(startedAt: number): Promise<KeyFetchReport> {
    try {
      const answer = await withoutBaggage(() => this.deps.source.fetch(this.accepted, this.abort.signal));
      const imported = this.gate.accept(answer);
      const outcome = this.confirm(answer, imported, startedAt);
      return { status: answer.status, outcome, keyCount: imported.keySet.keys.length };
    } catch (error) {
      throw asJwksFetchError(error);
    }
  }

  /** Takes an accepted answer: one atomic swap, one new age. */
  private confirm(answer: JwksAnswer, imported: ImportedKeySet, startedAt: number): FetchOutcome {
    const { clock, onNews } = this.deps;
    const wasUsable = this.age.isUsable;
    const generation = this.generation;
    this.accepted = answer;
    this.lastError = undefined;
    this.age.confirm(answer.headers);
    this.swap(imported.keySet);
    this.schedule.succeeded(this.age.maxAgeMs);
    this.loading.resolve();
    const { keys, algorithms } = this.keySet;
    if (!wasUsable) {
      const tookMs = clock.now() - startedAt;
      onNews({ type: 'keys_loaded', keyCount: keys.length, algorithms, jwksUri: answer.jwksUri, tookMs });
    }
    this.oddities.report(answer, imported);
    return this.generation === generation ? 'confirmed' : 'replaced';
  }

  private swap(imported: KeySet): void {
    const next = imported.without(this.denied);
    const diff = this.keySet.diff(next);
    this.imported = imported;
    if (isEmptyDiff(diff)) return;
    const isFirst = this.generation === 0;
    this.keySet = next;
    this.generation += 1;
    if (!isFirst) this.deps.onNews({ type: 'keys_changed', diff });
    if (next.keys.length === 0) this.deps.onNews({ type: 'keys_withdrawn' });
  }

  private fail(error: JwksFetchError): void {
    this.lastError = error;
    if (this.abort.signal.aborted) return;
    const retryInMs = this.schedule.failed(error, this.age.isUsable);
    this.deps.onNews({ type: 'fetch_failed', error, state: this.age.state, retryInMs });
  }
}
