import type { JwksClient } from 'jwks-rsa';
import { LRUCache } from 'lru-cache';
import { systemClock, type Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import { createKeyRing, type KeyRingIssuer } from './create-key-ring.js';
import type { EmitKeyRingEvent, OnKeyRingEvent } from './key-ring-events.js';
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
  /** Those of dynamic issuers; created with the first of them. */
  private dynamic: LRUCache<string, KeyRing> | undefined;
  /** Key ids that were denied at dynamic issuers whose ring has gone, for the life of the process. */
  private readonly deniedAt = new Map<string, readonly string[]>();
  /** Key ids that are denied at every issuer. */
  private readonly denied: Set<string>;
  private readonly store: SealedStore | undefined;
  private readonly closing = new AbortController();

  constructor(
    issuers: readonly KeyRingIssuer[],
    private readonly options: ResolvedKeyOptions,
    private readonly onEvent: OnKeyRingEvent,
    private readonly runtime: KeyRingsRuntime = { clock: systemClock, random: Math.random },
  ) {
    const { store, storeSecret = null } = options;
    this.denied = new Set(options.deniedKids);
    this.store = store && new SealedStore(store, storeSecret, runtime.clock);
    this.listed = new Map(issuers.map((one) => [one.issuer, this.createRing(one, this.denied)]));
  }

  /** The ring of exactly this issuer; undefined when there is none. Causes no request. */
  get(issuer: string): KeyRing | undefined {
    return this.listed.get(issuer) ?? this.dynamic?.get(issuer);
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
        : `does not know the issuer ${JSON.stringify(issuer)}`;
    throw new TypeError(`nestjs-jwks-auth: KeyRings.client ${problem}`);
  }

  /**
   * Creates the ring of a dynamic issuer, in place of the one before. Causes no request by itself.
   *
   * @internal
   */
  open(issuer: KeyRingIssuer): KeyRing {
    this.forget(issuer.issuer);
    const ring = this.createRing({ ...issuer, mayIdle: true }, this.denied);
    for (const kid of this.deniedAt.get(issuer.issuer) ?? []) void ring.deny(kid);
    if (this.closing.signal.aborted) {
      ring.close();
      return ring;
    }
    this.dynamic ??= new LRUCache({ max: KEY_POLICY.maxDynamicRings, dispose: (gone) => this.dispose(gone) });
    this.dynamic.set(issuer.issuer, ring);
    return ring;
  }

  /** Lets the ring of a dynamic issuer go, with what is known of that issuer: its next token is resolved anew. */
  forget(issuer: string): void {
    this.dynamic?.delete(issuer);
  }

  *[Symbol.iterator](): Iterator<KeyRing> {
    yield* this.listed.values();
    if (this.dynamic !== undefined) yield* this.dynamic.rvalues() as Generator<KeyRing>;
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
   * Takes a key id out of use at every issuer: here at once, for the life of the process; with `keys.store`, in every
   * process, by its next refresh at the latest. Resolves to whether the other processes will read it; never rejects.
   */
  async deny(kid: string): Promise<boolean> {
    this.denied.add(kid);
    const shared = await Promise.all([...this].map((ring) => ring.deny(kid)));
    return shared.length > 0 && shared.every(Boolean);
  }

  /**
   * Fetches the first keys, as `bootstrap` says.
   *
   * @throws Error with `bootstrap: 'require'`, when an issuer's keys are not there within 5 seconds
   */
  async start(): Promise<void> {
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

  private createRing(issuer: KeyRingIssuer, deniedKids: Iterable<string>): KeyRing {
    const { options, onEvent, runtime, store } = this;
    const source = new HttpJwksSource({
      ...options,
      clock: runtime.clock,
      issuer: issuer.issuer,
      jwksUri: issuer.jwksUri,
    });
    const share =
      store &&
      ((emit: EmitKeyRingEvent, closed: AbortSignal) =>
        shareThrough(new StoreAccess(store, emit, closed), issuer, runtime.clock));
    return createKeyRing(issuer, source, options, { ...runtime, onEvent, deniedKids, share });
  }

  /** Closes the ring of a dynamic issuer that was evicted or forgotten; what was denied there stays denied. */
  private dispose(ring: KeyRing): void {
    const denied = [...ring.deniedKids].filter((kid) => !this.denied.has(kid));
    if (denied.length > 0) this.deniedAt.set(ring.issuer, denied);
    ring.close();
  }
}

/** What the processes of a fleet share of an issuer through a store. */
export const shareThrough = (
  access: StoreAccess,
  issuer: KeyRingIssuer,
  clock: Clock,
): Required<Sharing> => ({
  keySet: new SharedKeySet(issuer, access, clock),
  denials: new SharedDenials(issuer.issuer, access),
  lease: new RefreshLease(issuer, access, clock),
});
