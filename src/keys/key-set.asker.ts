import { ATTRIBUTES } from '../telemetry/names.js';
import type { ActiveSpan } from '../telemetry/span.js';
import type { Clock } from './clock.js';
import type { Flight } from './flight.js';
import type { Accepted, Arrival, HeldKeys } from './held-keys.js';
import type { JwksSource } from './jwks.source.js';
import { JwksFetchError } from './jwks-fetch.error.js';
import type { FetchSource } from './key-ring.events.js';
import { KeySetGate } from './key-set.gate.js';
import type { RefreshSchedule } from './refresh.schedule.js';
import type { SharedKeys } from './shared-keys.js';

export interface KeySetAskerDeps {
  readonly source: JwksSource;
  readonly clock: Clock;
  readonly algorithms: readonly string[];
  /** What is shared with other processes; undefined without a store. */
  readonly shared?: SharedKeys | undefined;
}

/** Carries a question for keys out: to the store, then to the issuer. What passes the gate is held. */
export class KeySetAsker {
  private readonly gate: KeySetGate;

  constructor(
    private readonly deps: KeySetAskerDeps,
    private readonly held: HeldKeys,
    private readonly schedule: RefreshSchedule,
    private readonly signal: AbortSignal,
  ) {
    this.gate = new KeySetGate(deps.algorithms, deps.clock);
  }

  /**
   * The store, then the issuer, unless the store is enough or the issuer wants to be left alone. Whose answer was
   * accepted; undefined when there was none.
   *
   * @throws JwksFetchError what the issuer failed with
   */
  async ask(flight: Flight, span: ActiveSpan): Promise<FetchSource | undefined> {
    const found = await this.askStore(flight, span);
    if (found !== undefined && flight.isEnough(found)) return 'store';
    if (flight.trigger === 'manual' || this.schedule.suspendedForMs === 0) {
      await this.askIssuer(flight, span);
      return 'issuer';
    }
    this.schedule.waitForIssuer(this.held.age.isUsable);
    return found === undefined ? undefined : 'store';
  }

  /** Takes over what other processes have learnt: which kids are denied, and what the issuer answered last. */
  private async askStore(flight: Flight, span: ActiveSpan): Promise<'due' | 'fresh' | undefined> {
    const { shared } = this.deps;
    if (shared === undefined) return undefined;
    await shared.syncDenied();
    this.held.deny(shared.deniedKids);
    // Who asks by hand wants to hear the issuer.
    if (flight.trigger === 'manual') return undefined;
    const found = await shared.read(this.held.wallAt, (answer) => this.gate.accept(answer));
    this.signal.throwIfAborted();
    const { age } = this.held;
    const ageMs = found === undefined ? Infinity : this.held.ageOf(found.wallAt);
    if (found === undefined || !age.wouldBeUsable(found.answer.headers, ageMs)) {
      span.set({ [ATTRIBUTES.fetchSource]: 'store', [ATTRIBUTES.fetchOutcome]: 'rejected' });
      return undefined;
    }
    this.accept(found, { source: 'store', wallAt: found.wallAt, startedAt: flight.startedAt }, span);
    return this.schedule.adopted(age.maxAgeMs, ageMs) ? 'fresh' : 'due';
  }

  private async askIssuer(flight: Flight, span: ActiveSpan): Promise<void> {
    const { clock, source, shared } = this.deps;
    flight.hasAskedIssuer = true;
    span.set({ [ATTRIBUTES.fetchSource]: 'issuer' });
    try {
      const answer = await source.fetch(this.held.answer, this.signal);
      this.signal.throwIfAborted();
      span.set({ [ATTRIBUTES.httpStatus]: answer.status });
      const wallAt = clock.wallNow();
      const { startedAt } = flight;
      const imported = this.gate.accept(answer);
      this.accept({ answer, imported }, { source: 'issuer', wallAt, startedAt }, span);
      this.schedule.succeeded(this.held.age.maxAgeMs);
      void shared?.write(answer, wallAt, this.held.age.lifetimeMs);
    } catch (error) {
      const status = error instanceof JwksFetchError ? error.status : undefined;
      span.set({ [ATTRIBUTES.fetchOutcome]: 'rejected', ...(status && { [ATTRIBUTES.httpStatus]: status }) });
      throw error;
    }
  }

  private accept(accepted: Accepted, arrival: Arrival, span: ActiveSpan): void {
    const outcome = this.held.accept(accepted, arrival);
    span.set({
      [ATTRIBUTES.fetchSource]: arrival.source,
      [ATTRIBUTES.fetchOutcome]: outcome,
      [ATTRIBUTES.keyCount]: accepted.imported.keySet.keys.length,
    });
  }
}
