import { DEFAULT_ALGORITHMS } from './algorithms.js';
import { systemClock, type Clock } from './clock.js';
import { HttpJwksSource } from './jwks.source.js';
import type { OnKeyRingEvent } from './key-ring.events.js';
import type { ResolvedKeyOptions } from './key.options.js';
import { KEY_POLICY } from './key-policy.js';
import { KeyRing, type KeyRingStatus } from './key-ring.js';

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

  constructor(
    issuers: readonly KeyRingIssuer[],
    private readonly options: ResolvedKeyOptions,
    onEvent: OnKeyRingEvent,
    private readonly runtime: KeyRingsRuntime = { clock: systemClock, random: Math.random },
  ) {
    this.rings = new Map(
      issuers.map((issuer) => [issuer.issuer, createRing(issuer, options, onEvent, runtime)]),
    );
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

  /** Takes a key id out of use at every issuer, for the life of the process. */
  deny(kid: string): void {
    for (const ring of this) ring.deny(kid);
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
  }

  /** At most so many issuers are asked at once. */
  private async startAll(): Promise<void> {
    const waiting = this[Symbol.iterator]();
    const startNext = async (): Promise<void> => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) await next.value.start();
    };
    await Promise.all(Array.from({ length: KEY_POLICY.bootstrapConcurrency }, startNext));
  }
}

function createRing(
  { issuer, jwksUri, algorithms = DEFAULT_ALGORITHMS }: KeyRingIssuer,
  options: ResolvedKeyOptions,
  onEvent: OnKeyRingEvent,
  { clock, random }: KeyRingsRuntime,
): KeyRing {
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
  });
}
