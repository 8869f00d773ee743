import { withDeadline } from '../common/deadline.js';
import { asJwksFetchError, JwksFetchError } from '../http/jwks-fetch.error.js';
import type { ImportedKeySet, KeySetDiff } from '../jwk/key-set.js';
import { OTHER_ISSUER, type FetchSource, type FetchTrigger } from '../telemetry/names.js';
import { withoutBaggage, type SpanPlace } from '../telemetry/span.js';
import type { AcceptedKeySet, CachedKeySet } from './cached-key-set.js';
import type { RefreshLimit } from './limits/refresh-limit.js';
import { FAILED, Inflight, type RefreshOutcome, type RefreshRequest } from './inflight.js';
import { JwksValidation } from './source/jwks-validation.js';
import { KEY_POLICY } from './key-policy.js';
import type { EmitKeyRingEvent } from './key-ring-events.js';
import { traceKeyFetch, type KeyFetchReport } from './key-ring-trace.js';
import type { UnknownKidLimiter } from './limits/unknown-kid-limiter.js';
import { RefreshSchedule, type RefreshScheduleOptions } from './refresh-schedule.js';
import type { JwksResponse, JwksSource } from './source/jwks-source.js';
import type { RefreshLease } from './store/refresh-lease.js';
import type { SharedDenials } from './store/shared-denials.js';
import type { SharedKeySet } from './store/shared-key-set.js';

/** What the processes of a fleet share of one issuer; nothing without a store. */
export interface Sharing {
  readonly keySet?: SharedKeySet;
  readonly denials?: SharedDenials;
  /** What is denied at every dynamic issuer. */
  readonly denialsEverywhere?: SharedDenials | undefined;
  readonly lease?: RefreshLease;
}

/** What a refresher works with. */
export interface KeySetRefresherDeps extends Omit<RefreshScheduleOptions, 'isShared'> {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  /** How many keys a response may hold. */
  readonly maxKeys: number;
  readonly source: JwksSource;
  /** Time limit of one fetch from the issuer, in milliseconds. */
  readonly timeoutMs: number;
  /** The bound that dynamic issuers share; undefined for an issuer of a list. */
  readonly refreshLimit?: RefreshLimit | undefined;
  readonly emit: EmitKeyRingEvent;
  readonly sharing: Sharing;
  /** Aborts when the ring is closed. */
  readonly closed: AbortSignal;
}

/** What the store had. */
interface Found {
  readonly report: KeyFetchReport;
  /** False when a refresh of it is due. */
  readonly isFresh: boolean;
}

/**
 * Refreshes one issuer's cached keys: single-flight, from the store first and then from the issuer, ahead of their age
 * and with back-off after failures. Only a response that passes validation takes effect.
 */
export class KeySetRefresher {
  /** The refresh in flight. */
  inflight: Inflight | undefined;
  /** What the last fetch from the issuer failed with; undefined after an accepted response. */
  lastError: JwksFetchError | undefined;
  readonly schedule: RefreshSchedule;
  private readonly validation: JwksValidation;
  /** Undefined once a response has been accepted. */
  private loading: PromiseWithResolvers<void> | undefined = Promise.withResolvers();

  constructor(
    private readonly cached: CachedKeySet,
    private readonly limiter: UnknownKidLimiter,
    private readonly deps: KeySetRefresherDeps,
  ) {
    const { clock, random, mayIdle, staleIfErrorMs, sharing } = deps;
    this.schedule = new RefreshSchedule(
      { clock, random, mayIdle, staleIfErrorMs, isShared: sharing.keySet !== undefined },
      () => this.refresh({ trigger: 'refresh' }),
    );
    this.validation = new JwksValidation(deps.algorithms, deps.maxKeys, deps.clock, deps.emit);
  }

  /** The issuer on metrics; a dynamic issuer that never had keys has no series of its own. */
  get series(): string {
    return this.deps.mayIdle && this.cached.generation === 0 ? OTHER_ISSUER : this.deps.issuer;
  }

  /** Resolves when a response has been accepted for the first time. */
  get loaded(): Promise<void> {
    return this.loading?.promise ?? Promise.resolve();
  }

  /** Starts a refresh, or returns the one in flight. Where none may start, plans a later one and returns one that failed. */
  refresh(request: RefreshRequest): Inflight {
    if (this.inflight !== undefined) return this.inflight;
    const inflight = new Inflight(this.deps.clock.now(), request);
    if (!this.canStart(request.trigger)) {
      this.planLater();
      inflight.settle(FAILED);
      return inflight;
    }
    this.inflight = inflight;
    this.deps.refreshLimit?.start();
    void this.run(inflight).then((outcome) => {
      this.inflight = undefined;
      this.deps.refreshLimit?.end();
      this.settlePermit(request, outcome);
      inflight.settle(outcome);
    });
    return inflight;
  }

  /**
   * For how long a response proves a key absent, in milliseconds: the base interval of the rate limiter, which a flood
   * cannot stretch. Not at all after a failed fetch.
   */
  get recentMs(): number {
    return this.lastError === undefined ? this.limiter.baseIntervalMs : -1;
  }

  /** True when a refresh may go to the issuer, or at least to the store. Dynamic issuers share a bound on what is in flight. */
  canStart(trigger: FetchTrigger): boolean {
    const { closed, refreshLimit, sharing } = this.deps;
    if (closed.aborted || refreshLimit?.isFull === true) return false;
    return this.canFetchFor(trigger) || sharing.keySet?.mayRead === true;
  }

  private planLater(): void {
    const { isUsable } = this.cached;
    if (this.deps.refreshLimit?.isFull === true) this.schedule.planForCapacity(isUsable);
    else this.schedule.planAfterCooldown(isUsable);
  }

  /** A request uses the keys: starts, without waiting, a refresh whose timer was lost, or that was put off while idle. */
  watch(): void {
    const { schedule } = this;
    schedule.use();
    if (this.inflight === undefined && schedule.isOverdue && schedule.canFetch)
      this.refresh({ trigger: 'refresh' });
  }

  /** Takes a key out of use for the life of the process; resolves to whether other processes will read it. */
  async deny(kid: string): Promise<boolean> {
    this.withhold([kid]);
    const { denials } = this.deps.sharing;
    if (denials === undefined) return false;
    const isShared = await denials.deny(kid);
    this.withhold(denials.kids);
    return isShared;
  }

  /** Cancels the timer and the refresh in flight. What is in memory stays. */
  close(): void {
    this.schedule.close();
    this.inflight?.abort(new JwksFetchError('aborted', { message: 'the key ring was closed' }));
  }

  /** Never rejects: whatever happens, the schedule goes on. */
  private async run(inflight: Inflight): Promise<RefreshOutcome> {
    const { issuer, clock } = this.deps;
    const { generation } = this.cached;
    const { trigger } = inflight.request;
    const onPlace = (place: SpanPlace | undefined) => (inflight.place = place);
    try {
      const { source, outcome } = await traceKeyFetch(
        { issuer, series: this.series, trigger, clock, onPlace },
        () => withoutBaggage(() => this.fetch(inflight)),
      );
      if (source === 'issuer') this.lastError = undefined;
      return { accepted: outcome !== 'rejected', changed: this.cached.generation !== generation };
    } catch (error) {
      this.fail(error as JwksFetchError);
      return FAILED;
    }
  }

  /**
   * From the store, then from the issuer, unless the store satisfies the request or the issuer must be left alone.
   *
   * @throws JwksFetchError what the issuer failed with
   */
  private async fetch(inflight: Inflight): Promise<KeyFetchReport> {
    const { schedule } = this;
    const { sharing } = this.deps;
    const hadKeys = this.cached.isUsable;
    try {
      const found = sharing.keySet && (await this.fetchFromStore(sharing.keySet, inflight));
      const isSatisfied = found !== undefined && (!hadKeys || this.satisfies(inflight.request, found));
      const nothing: KeyFetchReport = { source: 'store', outcome: 'rejected' };
      if (!isSatisfied && !this.canFetchFor(inflight.request.trigger)) {
        schedule.planAfterCooldown(this.cached.isUsable);
        return found?.report ?? nothing;
      }
      const lease = isSatisfied ? undefined : this.leaseFor(inflight.request);
      inflight.servedFromStore = isSatisfied || (lease !== undefined && (await this.defers(lease, inflight)));
      if (inflight.servedFromStore) return found?.report ?? nothing;
      return await this.fetchFromIssuer(inflight);
    } catch (error) {
      throw asJwksFetchError(error);
    }
  }

  /** Reads what other processes have written: which kids are denied, and the last accepted response. */
  private async fetchFromStore(keySet: SharedKeySet, inflight: Inflight): Promise<Found | undefined> {
    const { cached } = this;
    const { clock, sharing } = this.deps;
    for (const denials of [sharing.denials, sharing.denialsEverywhere]) {
      await denials?.sync();
      this.withhold(denials?.kids ?? []);
    }
    // A manual refresh is meant to reach the issuer.
    if (inflight.request.trigger === 'manual') return undefined;
    const since = cached.accepted?.requestedWallAt;
    const stored = await keySet.read(since, (response) => this.validation.validateJwks(response));
    inflight.signal.throwIfAborted();
    if (stored === undefined) return undefined;
    const { response, imported, requestedAt: requestedWallAt } = stored;
    const ageMs = Math.max(0, clock.wallNow() - requestedWallAt);
    if (!cached.wouldBeUsable(response.headers, ageMs)) return undefined;
    const confirmedAt = clock.now() - ageMs;
    const requestedAt = confirmedAt - KEY_POLICY.clockSkewMs;
    return this.accept({ response, imported, requestedAt, requestedWallAt, confirmedAt }, 'store', inflight);
  }

  private async fetchFromIssuer(inflight: Inflight): Promise<KeyFetchReport> {
    const { clock, source, sharing, timeoutMs } = this.deps;
    const [requestedAt, requestedWallAt] = [clock.now(), clock.wallNow()];
    const fetched = source.fetch(this.cached.accepted?.response, inflight.signal);
    const response = await withDeadline(clock, timeoutMs, inflight.untilAborted(fetched), () => {
      const where = source.address === undefined ? '' : `${source.address}: `;
      const timeout = new JwksFetchError('timeout', { message: `${where}did not respond in time` });
      inflight.abort(timeout);
      throw timeout;
    });
    const imported = this.import(response);
    this.schedule.reset();
    const accepted = { response, imported, requestedAt, requestedWallAt, confirmedAt: clock.now() };
    const { report } = this.accept(accepted, 'issuer', inflight);
    this.validation.reportAnomalies(response, imported);
    void sharing.lease?.succeeded();
    void sharing.keySet?.write(response, requestedWallAt, this.cached.freshness.lifetimeMs);
    return { ...report, status: response.status };
  }

  /** A 304 confirms the keys in memory: they were imported when they arrived. */
  private import(response: JwksResponse): ImportedKeySet {
    const { accepted } = this.cached;
    if (response.status !== 304 || accepted === undefined) return this.validation.validateJwks(response);
    return this.validation.confirmJwks(accepted.imported);
  }

  /** The one place where a new set takes effect: memory, schedule and events. */
  private accept(accepted: AcceptedKeySet, source: FetchSource, { startedAt }: Inflight): Found {
    const { cached } = this;
    const { clock, emit } = this.deps;
    const wasUsable = cached.isUsable;
    const change = cached.accept(accepted);
    const ageMs = clock.now() - accepted.confirmedAt;
    const isFresh = this.schedule.planAhead(cached.freshness.maxAgeMs, ageMs);
    this.announce(change);
    this.loading?.resolve();
    this.loading = undefined;
    if (!wasUsable) {
      const { keys, algorithms } = cached.keys;
      const { jwksUri } = accepted.response;
      const tookMs = clock.now() - startedAt;
      emit({ type: 'keys_loaded', keyCount: keys.length, algorithms, jwksUri, source, ageMs, tookMs });
    }
    const outcome = change === undefined ? 'confirmed' : 'replaced';
    return { report: { source, outcome, keyCount: accepted.imported.keySet.keys.length }, isFresh };
  }

  private withhold(kids: Iterable<string>): void {
    this.announce(this.cached.deny(kids));
  }

  private announce(diff: KeySetDiff | undefined): void {
    if (diff === undefined) return;
    const { emit } = this.deps;
    this.limiter.reset();
    if (this.cached.generation > 1) emit({ type: 'keys_changed', diff });
    if (this.cached.isWithdrawn) emit({ type: 'keys_withdrawn' });
  }

  /** True when what the store had makes a fetch from the issuer unnecessary. */
  private satisfies({ wanted, since = Infinity }: RefreshRequest, { isFresh }: Found): boolean {
    if (wanted === undefined) return isFresh;
    if (this.cached.find(wanted) !== undefined) return true;
    return this.cached.provesAbsent(wanted, since, this.recentMs);
  }

  /** True when the issuer may be fetched from. A cooldown does not hold for a manual refresh. */
  private canFetchFor(trigger: FetchTrigger): boolean {
    return trigger === 'manual' || this.schedule.canFetch;
  }

  /** With keys in memory, a scheduled refresh needs the lease; others cannot wait for it. */
  private leaseFor({ trigger }: RefreshRequest): RefreshLease | undefined {
    return trigger === 'refresh' && this.cached.isUsable ? this.deps.sharing.lease : undefined;
  }

  /** True when another process holds the lease: the refresh is put off until it has ended. */
  private async defers(lease: RefreshLease, { signal }: Inflight): Promise<boolean> {
    const waitMs = await lease.acquire();
    signal.throwIfAborted();
    if (waitMs > 0) this.schedule.deferTo({ waitMs, failures: lease.failures });
    return waitMs > 0;
  }

  /** A failed fetch is limited by the back-off. One that brought the wanted key is never limited, whichever request waits for it. */
  private settlePermit({ permit, wanted }: RefreshRequest, { accepted, changed }: RefreshOutcome): void {
    if (permit === undefined || wanted === undefined) return;
    if (!accepted || this.cached.find(wanted) !== undefined) permit.refund();
    if (accepted && !changed) this.limiter.slowDown();
  }

  private fail(error: JwksFetchError): void {
    this.lastError = error;
    if (this.deps.closed.aborted) return;
    const { state, isUsable } = this.cached.freshness;
    const retryInMs = this.schedule.backOff(error, isUsable);
    void this.deps.sharing.lease?.failed(this.schedule.cooldownMs);
    this.deps.emit({ type: 'fetch_failed', error, state, retryInMs });
  }
}
