import type { FetchSource } from '../telemetry/names.js';
import type { Clock } from '../common/clock.js';
import type { Flight, FoundInStore } from './inflight.js';
import type { HeldKeys } from './cached-key-set.js';
import type { JwksAnswer, JwksSource } from './source/http-source.js';
import { asJwksFetchError, JwksFetchError } from '../http/jwks-fetch.error.js';
import type { KeyFetchReport } from './key-fetch-trace.js';
import type { KeyRingNews } from './key-ring-events.js';
import type { KeySetAge } from './freshness.js';
import { KeySetGate } from './jwks-validation.js';
import { KeySetOddities } from './key-set-oddities.js';
import { KeySet, type ImportedKeySet } from '../jwk/key-set.js';
import type { Parking } from './idle.js';
import type { RefreshSchedule } from './refresh-schedule.js';
import type { Accepted, SharedKeys } from './store/shared-key-set.js';
import type { SharedTurn } from './store/refresh-lease.js';

/** What asking for keys takes. */
export interface KeySetAskerDeps {
  readonly source: JwksSource;
  readonly clock: Clock;
  readonly onNews: (news: KeyRingNews) => void;
  readonly algorithms: readonly string[];
  /** The deadline of one question to the issuer, in milliseconds. */
  readonly timeoutMs: number;
  /** What is shared with other processes; undefined without a store. */
  readonly shared?: SharedKeys | undefined;
  /** Who of them asks; undefined without a store. */
  readonly turn?: SharedTurn | undefined;
}

/** Where what is accepted goes. */
export interface KeySetState {
  readonly held: HeldKeys;
  readonly age: KeySetAge;
  readonly schedule: RefreshSchedule;
  readonly parking: Parking;
}

/** Carries a question for keys out: to the store, then to the issuer. What passes the gate is taken. */
export class KeySetAsker {
  private readonly loading = Promise.withResolvers<void>();
  /** Resolved by the first accepted answer. */
  readonly loaded: Promise<void> = this.loading.promise;
  /** What was accepted last. */
  accepted: Accepted | undefined;
  private readonly gate: KeySetGate;
  private readonly oddities: KeySetOddities;

  constructor(
    private readonly deps: KeySetAskerDeps,
    private readonly state: KeySetState,
  ) {
    this.gate = new KeySetGate(deps.algorithms, deps.clock);
    this.oddities = new KeySetOddities(deps.clock, deps.onNews);
  }

  /**
   * The store, then the issuer, unless the store is enough or the issuer wants to be left alone.
   *
   * @throws JwksFetchError what the issuer failed with
   */
  async ask(flight: Flight): Promise<KeyFetchReport> {
    const { schedule, age } = this.state;
    const { shared } = this.deps;
    try {
      const found = shared && (await this.askStore(shared, flight));
      flight.endedAtStore = found !== undefined && flight.isEnough(found.refresh);
      if (found !== undefined && flight.endedAtStore) return found.report;
      if (flight.trigger !== 'manual' && schedule.suspendedForMs > 0) schedule.waitForIssuer(age.isUsable);
      else if (!(await this.givesWay(flight))) return await this.askIssuer(flight);
      else flight.endedAtStore = true;
      return found?.report ?? { source: 'store', outcome: 'rejected' };
    } catch (error) {
      throw asJwksFetchError(error);
    }
  }

  /** Takes over what other processes have learnt: which kids are denied, and what the issuer answered last. */
  private async askStore(
    shared: SharedKeys,
    flight: Flight,
  ): Promise<{ readonly refresh: FoundInStore; readonly report: KeyFetchReport } | undefined> {
    const { held, age, schedule, parking } = this.state;
    await shared.syncDenied();
    held.deny(shared.deniedKids);
    // Who asks by hand wants to hear the issuer.
    if (flight.trigger === 'manual') return undefined;
    const found = await shared.read(this.accepted?.wallAt, (answer) => this.gate.accept(answer));
    flight.signal.throwIfAborted();
    if (found === undefined) return undefined;
    const ageMs = Math.max(0, this.deps.clock.wallNow() - found.wallAt);
    if (!age.wouldBeUsable(found.answer.headers, ageMs)) return undefined;
    const wasUsable = age.isUsable;
    age.adopt(found.answer.headers, ageMs);
    const refresh = schedule.adopted(age.maxAgeMs, ageMs, parking.delayMs(true));
    return { refresh, report: this.take(found, 'store', flight, wasUsable) };
  }

  /** With keys in memory, a refresh waits for what another process learns that is asking, or was refused. */
  private async givesWay({ trigger, signal }: Flight): Promise<boolean> {
    const { turn } = this.deps;
    const { age, schedule } = this.state;
    if (turn === undefined || trigger !== 'refresh' || !age.isUsable) return false;
    const waitMs = await turn.take();
    signal.throwIfAborted();
    if (waitMs > 0) schedule.gaveWay(waitMs, turn.failures);
    return waitMs > 0;
  }

  private async askIssuer(flight: Flight): Promise<KeyFetchReport> {
    const { age, schedule, parking } = this.state;
    const askedAt = this.deps.clock.now();
    const wallAt = this.deps.clock.wallNow();
    const answer = await this.fetch(flight);
    const imported = this.import(answer);
    const wasUsable = age.isUsable;
    age.confirm(answer.headers, askedAt);
    schedule.succeeded(age.maxAgeMs, parking.delayMs(true));
    const report = this.take({ answer, imported, wallAt }, 'issuer', flight, wasUsable);
    this.oddities.report(answer, imported);
    void this.deps.turn?.succeeded();
    void this.deps.shared?.write(answer, wallAt, age.lifetimeMs);
    return { ...report, status: answer.status };
  }

  private async fetch(flight: Flight): Promise<JwksAnswer> {
    const { clock, source, timeoutMs } = this.deps;
    const timeout = new JwksFetchError('timeout', { message: 'did not answer in time' });
    const cancelDeadline = clock.after(timeoutMs, () => flight.cancel(timeout));
    try {
      return await flight.bound((signal) => source.fetch(this.accepted?.answer, signal));
    } finally {
      cancelDeadline();
    }
  }

  /** A 304 says that nothing has changed: each key was imported when it came. */
  private import(answer: JwksAnswer): ImportedKeySet {
    if (answer.status !== 304) return this.gate.accept(answer);
    return this.accepted?.imported ?? { keySet: KeySet.EMPTY, unusable: [] };
  }

  /** Takes an accepted answer: one atomic swap. */
  private take(
    accepted: Accepted,
    source: FetchSource,
    { startedAt }: Flight,
    wasUsable: boolean,
  ): KeyFetchReport {
    const { held, age } = this.state;
    const { generation } = held;
    this.accepted = accepted;
    held.replace(accepted.imported.keySet);
    this.loading.resolve();
    const outcome = held.generation === generation ? 'confirmed' : 'replaced';
    if (!wasUsable) {
      const { keys, algorithms } = held.keySet;
      const tookMs = this.deps.clock.now() - startedAt;
      const { jwksUri } = accepted.answer;
      const ageMs = source === 'store' ? (age.ageMs ?? 0) : 0;
      const what = { keyCount: keys.length, algorithms, jwksUri };
      this.deps.onNews({ type: 'keys_loaded', ...what, source, ageMs, tookMs });
    }
    return { source, outcome, keyCount: accepted.imported.keySet.keys.length };
  }
}
