import type { JwksClient } from 'jwks-rsa';
import { LRUCache } from 'lru-cache';
import { systemClock, type Clock } from '../common/clock.js';
import { RefreshLimit } from './limits/refresh-limit.js';
import { withDeadline } from '../common/deadline.js';
import { createKeyRing, type KeyRingIssuer } from './create-key-ring.js';
import { emitterFor, type EmitKeyRingEvent, type OnKeyRingEvent } from './key-ring-events.js';
import type { ResolvedKeyOptions } from './key.options.js';
import { KEY_POLICY } from './key-policy.js';
import type { KeyRing, KeyRingStatus } from './key-ring.js';
import type { Sharing } from './key-set-refresher.js';
import { HttpJwksSource } from './source/http-source.js';
import { RefreshLease } from './store/refresh-lease.js';
import { SealedStore } from './store/sealed-store.js';
import { SharedDenials } from './store/shared-denials.js';
import { SharedKeySet } from './store/shared-key-set.js';
import { StoreAccess } from './store/store-access.js';

/** Time and randomness, injected in tests. */
export interface KeyRingsRuntime {
  readonly clock: Clock;
  readonly random: () => number;
}

/** The key rings of an application: one for each issuer, found by its exact name. */
export class KeyRings implements Iterable<KeyRing> {
  private readonly listed: ReadonlyMap<string, KeyRing>;
  /** Those of dynamic issuers that have had keys; created with the first of them. */
  private dynamic: LRUCache<string, KeyRing> | undefined;
  /** Those that have not: made-up issuers evict one another here, and none that is real. */
  private opening: LRUCache<string, KeyRing> | undefined;
  private readonly refreshLimit = new RefreshLimit(KEY_POLICY.maxDynamicRefreshes);
  /** Key ids that were denied at dynamic issuers whose ring has gone, for the life of the process. */
  private readonly deniedAt = new Map<string, readonly string[]>();
  /** Key ids that the options deny at every issuer, and those that an operator has denied. */
  private readonly deniedByOptions: ReadonlySet<string>;
  private readonly denied = new Set<string>();
  private readonly forgetListeners = new Set<(issuer: string) => void>();
  private readonly store: SealedStore | undefined;
  /** What is denied at every dynamic issuer, open here or not; undefined without a store. */
  private readonly denialsEverywhere: SharedDenials | undefined;
  private readonly closing = new AbortController();

  constructor(
    issuers: readonly KeyRingIssuer[],
    private readonly options: ResolvedKeyOptions,
    private readonly onEvent: OnKeyRingEvent,
    private readonly runtime: KeyRingsRuntime = { clock: systemClock, random: Math.random },
  ) {
    const { store, storeSecret = null } = options;
    this.deniedByOptions = new Set(options.deniedKids);
    this.store = store && new SealedStore(store, storeSecret, runtime.clock);
    this.denialsEverywhere = issuers.length === 0 ? this.shareDenials(EVERY_DYNAMIC_ISSUER) : undefined;
    this.listed = new Map(issuers.map((one) => [one.issuer, this.createRing(one)]));
  }

  /** The ring of exactly this issuer; undefined when there is none. Causes no request. */
  get(issuer: string): KeyRing | undefined {
    return this.listed.get(issuer) ?? this.dynamic?.get(issuer) ?? this.opening?.get(issuer);
  }

  /**
   * The client of an issuer, for code that uses jwks-rsa: it serves the keys of the ring, and its limits hold.
   *
   * @param issuer may be left out when there is only one
   * @throws TypeError when there is no such issuer, or more than one to choose from
   */
  client(issuer?: string): JwksClient {
    const rings = [...this];
    const ring = issuer === undefined && rings.length === 1 ? rings[0] : this.get(issuer ?? '');
    if (ring !== undefined) return ring;
    const problem =
      issuer === undefined
        ? `needs the name of an issuer: there are ${rings.length}`
        : `has no ring of the issuer ${JSON.stringify(issuer)}`;
    throw new TypeError(`nestjs-jwks-auth: KeyRings.client ${problem}`);
  }

  /**
   * Creates the ring of a dynamic issuer, in place of the one before. Causes no request by itself.
   *
   * @internal
   */
  open(issuer: KeyRingIssuer): KeyRing {
    this.drop(issuer.issuer);
    const ring = this.createRing({ ...issuer, mayIdle: true });
    for (const kid of [...this.denied, ...(this.deniedAt.get(issuer.issuer) ?? [])]) void ring.deny(kid);
    if (this.closing.signal.aborted) {
      ring.close();
      return ring;
    }
    this.opening ??= new LRUCache({
      max: KEY_POLICY.maxDynamicRingsWithoutKeys,
      dispose: (gone) => this.dynamic?.peek(gone.issuer) !== gone && this.dispose(gone),
    });
    this.opening.set(issuer.issuer, ring);
    void ring.loaded.then(() => this.keep(ring));
    return ring;
  }

  /** True for an issuer that the options list, rather than a dynamic one. */
  isListed(issuer: string): boolean {
    return this.listed.has(issuer);
  }

  /**
   * Calls `listener` with each issuer that is forgotten.
   *
   * @internal
   */
  onForget(listener: (issuer: string) => void): void {
    this.forgetListeners.add(listener);
  }

  /**
   * Lets the ring of a dynamic issuer go, with what is known of that issuer: its next token is resolved anew, and what is
   * being resolved is not used.
   */
  forget(issuer: string): void {
    this.drop(issuer);
    for (const listener of this.forgetListeners) listener(issuer);
  }

  *[Symbol.iterator](): Iterator<KeyRing> {
    yield* this.listed.values();
    for (const rings of [this.dynamic, this.opening]) {
      if (rings !== undefined) yield* rings.rvalues() as Generator<KeyRing>;
    }
  }

  /** How each ring is doing. */
  status(): readonly KeyRingStatus[] {
    return [...this].map((ring) => ring.status);
  }

  /** Fetches the keys of every issuer now, a few at a time; resolves when all attempts are over. */
  async refresh(): Promise<void> {
    await this.forEachRing((ring) => ring.refresh());
  }

  /**
   * Takes a key id out of use: here at once, for the life of the process; with `keys.store`, in every process, by its next
   * refresh at the latest. Resolves to whether the other processes will read it; never rejects.
   *
   * @param issuer also one whose ring is not open here; without it every issuer is meant, dynamic ones included
   */
  async deny(kid: string, issuer?: string): Promise<boolean> {
    if (issuer !== undefined) return this.denyAt(issuer, kid);
    this.denied.add(kid);
    const everywhere = this.denialsEverywhere?.deny(kid) ?? this.listed.size > 0;
    const shared = await Promise.all([everywhere, ...[...this].map((ring) => ring.deny(kid))]);
    return shared.every(Boolean);
  }

  /**
   * Fetches the first keys, as the option `bootstrap` selects.
   *
   * @throws Error with `bootstrap: 'require'`, when an issuer's keys are not there within 4 seconds
   */
  async start(): Promise<void> {
    if (this.closing.signal.aborted) return;
    void this.forEachRing((ring) => ring.start());
    if (this.options.bootstrap === 'background') return;
    const loaded = Promise.all([...this].map((ring) => ring.loaded));
    const closed = Promise.withResolvers<void>();
    this.closing.signal.addEventListener('abort', () => closed.resolve(), { once: true });
    const over = Promise.race([loaded, closed.promise]);
    await withDeadline(this.runtime.clock, KEY_POLICY.bootstrapWaitMs, over, () => {}, true);
    const missing = this.status().filter(({ state }) => state === 'EMPTY');
    if (this.options.bootstrap !== 'require' || missing.length === 0) return;
    this.close();
    const reasons = missing.map(
      ({ issuer, lastError }) => `${issuer} (${lastError?.message ?? 'no response'})`,
    );
    throw new Error(`keys.bootstrap is 'require', and there are no keys of: ${reasons.join(', ')}`);
  }

  /** Cancels every timer and refresh; nothing is fetched any more. Keys in memory stay usable. */
  close(): void {
    this.closing.abort();
    for (const ring of this) ring.close();
    this.store?.close();
  }

  /** A bounded number of issuers at once. */
  private async forEachRing(run: (ring: KeyRing) => Promise<unknown>): Promise<void> {
    const waiting = [...this].values();
    const runNext = async (): Promise<void> => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) await run(next.value);
    };
    await Promise.all(Array.from({ length: KEY_POLICY.concurrentIssuers }, runNext));
  }

  private async denyAt(issuer: string, kid: string): Promise<boolean> {
    const ring = this.get(issuer);
    if (ring !== undefined) return ring.deny(kid);
    this.deniedAt.set(issuer, [...new Set([...(this.deniedAt.get(issuer) ?? []), kid])]);
    return this.shareDenials(issuer)?.deny(kid) ?? false;
  }

  private shareDenials(issuer: string): SharedDenials | undefined {
    if (this.store === undefined) return undefined;
    const emit = emitterFor(issuer, this.onEvent);
    return new SharedDenials(issuer, new StoreAccess(this.store, emit, this.closing.signal));
  }

  /** The ring of a dynamic issuer has its first keys. */
  private keep(ring: KeyRing): void {
    if (this.opening?.peek(ring.issuer) !== ring) return;
    this.dynamic ??= new LRUCache({ max: KEY_POLICY.maxDynamicRings, dispose: (gone) => this.dispose(gone) });
    this.dynamic.set(ring.issuer, ring);
    this.opening.delete(ring.issuer);
  }

  private drop(issuer: string): void {
    this.dynamic?.delete(issuer);
    this.opening?.delete(issuer);
  }

  private createRing(issuer: KeyRingIssuer): KeyRing {
    const { options, onEvent, runtime, store, deniedByOptions: deniedKids } = this;
    const refreshLimit = issuer.mayIdle === true ? this.refreshLimit : undefined;
    const source = new HttpJwksSource({
      ...options,
      clock: runtime.clock,
      issuer: issuer.issuer,
      jwksUri: issuer.jwksUri,
    });
    const share =
      store &&
      ((emit: EmitKeyRingEvent, closed: AbortSignal) => ({
        ...shareThrough(new StoreAccess(store, emit, closed), issuer, runtime.clock),
        denialsEverywhere: issuer.mayIdle === true ? this.denialsEverywhere : undefined,
      }));
    return createKeyRing(issuer, source, options, { ...runtime, onEvent, deniedKids, refreshLimit, share });
  }

  /** Closes the ring of a dynamic issuer that was evicted or forgotten; what was denied there stays denied. */
  private dispose(ring: KeyRing): void {
    const isOwn = (kid: string) => !this.denied.has(kid) && !this.deniedByOptions.has(kid);
    const denied = [...ring.deniedKids].filter(isOwn);
    if (denied.length > 0) this.deniedAt.set(ring.issuer, denied);
    ring.passDenialsTo((kid) => this.denyAt(ring.issuer, kid));
    ring.close();
  }
}

/** The name under which the store has what is denied at all of them. */
const EVERY_DYNAMIC_ISSUER = 'urn:nestjs-jwks-auth:every-dynamic-issuer';

/** What the processes of a fleet share of an issuer through a store. */
export const shareThrough = (
  access: StoreAccess,
  issuer: KeyRingIssuer,
  clock: Clock,
): Required<Omit<Sharing, 'denialsEverywhere'>> => ({
  keySet: new SharedKeySet(issuer, access, clock),
  denials: new SharedDenials(issuer.issuer, access),
  lease: new RefreshLease(issuer, access, clock),
});
