import { DEFAULT_ALGORITHMS } from '../jwk/algorithms.js';
import { systemClock, type Clock } from '../common/clock.js';
import { DynamicRings } from './dynamic-rings.js';
import { HttpJwksSource } from './source/http-source.js';
import type { KeyRingEvent, OnKeyRingEvent } from './key-ring-events.js';
import type { ResolvedKeyOptions } from './key.options.js';
import { KEY_POLICY } from './key-policy.js';
import { BoundedStore } from './store/sealed-store.js';
import { SharedKeys, type SharedKeysDeps } from './store/shared-key-set.js';
import { SharedTurn } from './store/refresh-lease.js';
import { KeyRing, type KeyRingDeps, type KeyRingStatus } from './key-ring.js';

/** What a ring must know of its issuer. */
export interface KeyRingIssuer {
  readonly issuer: string;
  readonly jwksUri?: string | undefined;
  readonly algorithms?: readonly string[];
}

/** Time and chance, injected in tests. */
export interface KeyRingsRuntime {
  readonly clock: Clock;
  readonly random: () => number;
}

/** The key rings of an application: one for each issuer, found by its exact name. */
export class KeyRings implements Iterable<KeyRing> {
  private readonly listed: ReadonlyMap<string, KeyRing>;
  private readonly dynamic: DynamicRings;
  private readonly store: BoundedStore | undefined;
  /** Key ids that no issuer's ring may use. */
  private readonly denied: Set<string>;
  private readonly closing = Promise.withResolvers<void>();
  private closed = false;

  constructor(
    issuers: readonly KeyRingIssuer[],
    private readonly options: ResolvedKeyOptions,
    private readonly onEvent: OnKeyRingEvent,
    private readonly runtime: KeyRingsRuntime = { clock: systemClock, random: Math.random },
  ) {
    this.denied = new Set(options.deniedKids);
    this.dynamic = new DynamicRings(this.denied);
    this.store = options.store && new BoundedStore(options.store, runtime.clock);
    this.listed = new Map(issuers.map((one) => [one.issuer, this.createRing(one, false)]));
  }

  /** The ring of exactly this issuer; undefined when there is none. Never causes a request. */
  get(issuer: string): KeyRing | undefined {
    return this.listed.get(issuer) ?? this.dynamic.get(issuer);
  }

  /**
   * Makes the ring of a dynamic issuer, in place of the one before. Causes no request by itself.
   *
   * @internal
   */
  open(issuer: KeyRingIssuer): KeyRing {
    const ring = this.createRing(issuer, true);
    if (this.closed) ring.close();
    else this.dynamic.add(ring);
    return ring;
  }

  /** Lets the ring of a dynamic issuer go, with what is known of that issuer: its next token is resolved anew. */
  forget(issuer: string): void {
    this.dynamic.forget(issuer);
  }

  *[Symbol.iterator](): Iterator<KeyRing> {
    yield* this.listed.values();
    yield* this.dynamic;
  }

  /** How each ring is doing. */
  status(): readonly KeyRingStatus[] {
    return [...this].map((ring) => ring.status);
  }

  /** Asks every issuer now, a few at a time; resolves when all have answered or failed. */
  async refresh(): Promise<void> {
    await this.each((ring) => ring.refresh());
  }

  /**
   * Takes a key id out of use at every issuer: here at once and for the life of the process; with `keys.store`, in
   * every process, by its next refresh at the latest. Resolves to whether the others will learn of it; never rejects.
   */
  async deny(kid: string): Promise<boolean> {
    this.denied.add(kid);
    const shared = await Promise.all([...this].map((ring) => ring.deny(kid)));
    return shared.length > 0 && shared.every(Boolean);
  }

  /**
   * Fetches the first keys, as `bootstrap` says.
   *
   * @throws Error with `bootstrap: 'require'`, when an issuer's keys are not in within 5 seconds
   */
  async start(): Promise<void> {
    void this.each((ring) => ring.start());
    if (this.options.bootstrap === 'background') return;
    const timeout = Promise.withResolvers<void>();
    const cancel = this.runtime.clock.after(KEY_POLICY.bootstrapWaitMs, timeout.resolve, true);
    const loaded = Promise.all([...this].map((ring) => ring.loaded));
    await Promise.race([loaded, timeout.promise, this.closing.promise]);
    cancel();
    const missing = this.status().filter(({ state }) => state === 'EMPTY');
    if (this.options.bootstrap !== 'require' || missing.length === 0) return;
    this.close();
    const reasons = missing.map(
      ({ issuer, lastError }) => `${issuer} (${lastError?.message ?? 'no answer'})`,
    );
    throw new Error(`keys.bootstrap is 'require' and the keys are not in: ${reasons.join(', ')}`);
  }

  /** Cancels every timer and flight; no issuer is asked again. Keys in memory go on serving. */
  close(): void {
    this.closed = true;
    this.closing.resolve();
    for (const ring of this) ring.close();
    this.store?.close();
  }

  /** At most so many issuers are asked at once. */
  private async each(ask: (ring: KeyRing) => Promise<unknown>): Promise<void> {
    const waiting = [...this].values();
    const askNext = async (): Promise<void> => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) await ask(next.value);
    };
    await Promise.all(Array.from({ length: KEY_POLICY.concurrentIssuers }, askNext));
  }

  private createRing(
    { issuer, jwksUri, algorithms = DEFAULT_ALGORITHMS }: KeyRingIssuer,
    mayPark: boolean,
  ): KeyRing {
    const { options, onEvent, runtime } = this;
    const { clock, random } = runtime;
    return new KeyRing({
      issuer,
      source: new HttpJwksSource({ ...options, clock, issuer, jwksUri }),
      clock,
      random,
      onEvent,
      algorithms,
      lifetime: options,
      timeoutMs: options.timeoutMs,
      deniedKids: this.denied,
      jwksRequestsPerMinute: options.jwksRequestsPerMinute,
      mayPark,
      ...this.share(issuer, jwksUri),
    });
  }

  /** What the ring of this issuer shares with other processes; nothing without a store. */
  private share(issuer: string, jwksUri: string | undefined): Pick<KeyRingDeps, 'shared' | 'turn'> {
    const { store, options, onEvent, runtime } = this;
    if (store === undefined) return {};
    const deps: SharedKeysDeps = {
      issuer,
      jwksUri,
      store,
      secrets: options.storeSecret ?? null,
      clock: runtime.clock,
      onNews: (news) => onEvent({ ...news, issuer } as KeyRingEvent),
    };
    return { shared: new SharedKeys(deps), turn: new SharedTurn(deps) };
  }
}
