import { DEFAULT_ALGORITHMS } from './algorithms.js';
import { systemClock, type Clock } from './clock.js';
import { HttpJwksSource } from './jwks.source.js';
import type { KeyRingEvent, OnKeyRingEvent } from './key-ring.events.js';
import type { ResolvedKeyOptions } from './key.options.js';
import { KEY_POLICY } from './key-policy.js';
import { BoundedStore } from './bounded.store.js';
import { KeyRing } from './key-ring.js';
import type { KeyRingStatus } from './key-ring.status.js';
import { SharedKeys } from './shared-keys.js';

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

/** The key rings of an application: one per configured issuer, found by its exact name. */
export class KeyRings implements Iterable<KeyRing> {
  private readonly rings: ReadonlyMap<string, KeyRing>;
  private readonly store: BoundedStore | undefined;

  constructor(
    issuers: readonly KeyRingIssuer[],
    private readonly options: ResolvedKeyOptions,
    onEvent: OnKeyRingEvent,
    private readonly runtime: KeyRingsRuntime = { clock: systemClock, random: Math.random },
  ) {
    this.store = options.store && new BoundedStore(options.store, runtime.clock);
    this.rings = new Map(issuers.map((issuer) => [issuer.issuer, this.createRing(issuer, onEvent)]));
  }

  /** The ring of exactly this issuer; undefined when it is not configured. Never causes a request. */
  get(issuer: string): KeyRing | undefined {
    return this.rings.get(issuer);
  }

  [Symbol.iterator](): Iterator<KeyRing> {
    return this.rings.values();
  }

  /** How each ring is doing. */
  status(): readonly KeyRingStatus[] {
    return [...this].map((ring) => ring.status);
  }

  /** Asks every issuer now; resolves when all have answered or failed. */
  async refresh(): Promise<void> {
    await Promise.all([...this].map((ring) => ring.refresh()));
  }

  /**
   * Takes a key id out of use at every issuer: here at once and for the life of the process; with `keys.store`, in every
   * process, by its next refresh at the latest. Resolves to whether the others will learn of it; never rejects.
   */
  async deny(kid: string): Promise<boolean> {
    const shared = await Promise.all([...this].map((ring) => ring.deny(kid)));
    return shared.every(Boolean);
  }

  /**
   * Fetches the first keys, as `bootstrap` says.
   *
   * @throws Error with `bootstrap: 'require'`, when an issuer's keys are not in within 5 seconds
   */
  async start(): Promise<void> {
    void this.startAll();
    if (this.options.bootstrap === 'background') return;
    const timeout = Promise.withResolvers<void>();
    const cancel = this.runtime.clock.after(KEY_POLICY.bootstrapWaitMs, timeout.resolve, true);
    await Promise.race([Promise.all([...this].map((ring) => ring.loaded)), timeout.promise]);
    cancel();
    const missing = this.status().filter(({ state }) => state === 'EMPTY');
    if (this.options.bootstrap !== 'require' || missing.length === 0) return;
    this.close();
    const reasons = missing.map(
      ({ issuer, lastError }) => `${issuer} (${lastError?.message ?? 'no answer'})`,
    );
    throw new Error(`keys.bootstrap is 'require' and the keys are not in: ${reasons.join(', ')}`);
  }

  /** Cancels every timer and flight. */
  close(): void {
    for (const ring of this) ring.close();
    this.store?.close();
  }

  /** At most so many issuers are asked at once. */
  private async startAll(): Promise<void> {
    const waiting = this[Symbol.iterator]();
    const startNext = async (): Promise<void> => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) await next.value.start();
    };
    await Promise.all(Array.from({ length: KEY_POLICY.bootstrapConcurrency }, startNext));
  }

  private createRing(
    { issuer, jwksUri, algorithms = DEFAULT_ALGORITHMS }: KeyRingIssuer,
    onEvent: OnKeyRingEvent,
  ): KeyRing {
    const { options } = this;
    const { clock, random } = this.runtime;
    return new KeyRing({
      issuer,
      source: new HttpJwksSource({ ...options, issuer, jwksUri }, clock),
      clock,
      random,
      onEvent,
      algorithms,
      lifetime: options,
      deniedKids: options.deniedKids,
      jwksRequestsPerMinute: options.jwksRequestsPerMinute,
      shared: this.share(issuer, jwksUri, onEvent),
    });
  }

  private share(
    issuer: string,
    jwksUri: string | undefined,
    onEvent: OnKeyRingEvent,
  ): SharedKeys | undefined {
    const { store, options, runtime } = this;
    if (store === undefined) return undefined;
    return new SharedKeys({
      issuer,
      jwksUri,
      store,
      secrets: options.storeSecret ?? null,
      clock: runtime.clock,
      onNews: (news) => onEvent({ ...news, issuer } as KeyRingEvent),
    });
  }
}
