import { traceKeyLookup, type KeyLookup } from './key-lookup-trace.js';
import type { KeyRingEvent, KeyRingNews, KeyRingState, OnKeyRingEvent } from './key-ring-events.js';
import { KeySetKeeper, type KeySetKeeperDeps } from './key-set-refresher.js';
import { MissingKeyDesk, type WantedKey } from './missing-key-desk.js';
import type { VerificationKey } from '../jwk/verification-key.js';

export interface KeyRingDeps extends Omit<KeySetKeeperDeps, 'onNews'> {
  readonly jwksRequestsPerMinute: number;
  readonly onEvent: OnKeyRingEvent;
}

/** What an operator sees of a key ring. */
export interface KeyRingStatus {
  readonly issuer: string;
  readonly state: KeyRingState;
  /** Milliseconds since the keys were last confirmed; undefined before the first time. */
  readonly ageMs: number | undefined;
  /** Milliseconds that they count as fresh. */
  readonly maxAgeMs: number;
  /** Milliseconds until tokens are refused if the issuer stays away. */
  readonly timeToExpiryMs: number;
  /** Keys in memory, those without an id included. */
  readonly keyCount: number;
  /** Their ids, each once. */
  readonly kids: readonly string[];
  /** Where the keys are from; undefined before the first time. */
  readonly jwksUri: string | undefined;
  /** What the last question to the issuer failed with; undefined after an accepted answer. */
  readonly lastError: Error | undefined;
  /** Milliseconds until the issuer is asked again; Infinity when that is not planned. */
  readonly nextRefreshInMs: number;
  /** True for a ring of a dynamic issuer that nobody uses: it asks rarely, and is STALE in between. */
  readonly isParked: boolean;
}

/**
 * One issuer's verification keys, in memory. A request that names a key we hold never waits, unless the ring is EMPTY
 * or EXPIRED. A refusal is true: when the issuer cannot be asked, the answer is `keys_unavailable`.
 */
export class KeyRing {
  readonly issuer: string;
  private readonly keeper: KeySetKeeper;
  private readonly desk: MissingKeyDesk;
  private readonly onEvent: OnKeyRingEvent;

  constructor(deps: KeyRingDeps) {
    this.issuer = deps.issuer;
    this.onEvent = deps.onEvent;
    this.keeper = new KeySetKeeper({ ...deps, onNews: (news) => this.tell(news) });
    this.desk = new MissingKeyDesk(this.keeper, deps.clock, deps.jwksRequestsPerMinute);
  }

  /**
   * The keys that a token with this kid and algorithm may have been signed with; [] when the kid is known and none of
   * its keys fits.
   *
   * @throws AuthError `unknown_key` when the issuer has no such key, `keys_unavailable` when that cannot be known
   */
  async getKeys(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]> {
    return this.lookUp(kid, algorithm);
  }

  /**
   * {@link getKeys}, but at once when the keys are in memory: a promise only where somebody has to be waited for.
   *
   * @internal
   */
  lookUp(
    kid: string | undefined,
    algorithm: string,
  ): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
    const wanted: WantedKey = { kid, algorithm };
    return traceKeyLookup(this.issuer, this.keeper.age.ageMs, (lookup) => {
      this.keeper.watch();
      return this.fromMemory(wanted, lookup) ?? this.desk.getKeys(wanted, lookup);
    });
  }

  /** True while this key, by kid and material, is held and the set may be relied on. */
  holds(key: VerificationKey): boolean {
    return this.isUsable && this.keeper.held.keySet.holds(key);
  }

  /**
   * True while a key goes by this kid and the set may be relied on. Causes no request.
   *
   * @internal
   */
  knows(kid: string): boolean {
    return this.isUsable && this.keeper.held.keySet.knows(kid);
  }

  /** A request uses the keys without looking one up: starts, without waiting, a refresh that is overdue. */
  watch(): void {
    this.keeper.watch();
  }

  /** True while the keys in memory may be relied on. */
  get isUsable(): boolean {
    return this.keeper.age.isUsable;
  }

  /** Rises whenever the keys have changed. */
  get generation(): number {
    return this.keeper.held.generation;
  }

  /**
   * Asks the issuer now, whatever the schedule says; resolves when that is over, to whether the answer was accepted.
   * False after `close`.
   */
  async refresh(): Promise<boolean> {
    // What is in the air may bring an answer from before the call.
    if (this.keeper.flight !== undefined) await this.keeper.flight.done;
    return (await this.keeper.fly('manual').done).accepted;
  }

  /** Asks for the first keys; resolves when the first question is over, whatever came of it. */
  async start(): Promise<void> {
    await this.keeper.fly('bootstrap').done;
  }

  /** Resolves when keys have been loaded for the first time. */
  get loaded(): Promise<void> {
    return this.keeper.loaded;
  }

  /**
   * Takes a key out of use at once, and keeps it out for the life of the process; with `keys.store`, in every process,
   * by its next refresh at the latest. Resolves to whether the others will learn of it; never rejects.
   */
  deny(kid: string): Promise<boolean> {
    return this.keeper.deny(kid);
  }

  /** The key ids that were taken out of use. */
  get deniedKids(): ReadonlySet<string> {
    return this.keeper.held.denied;
  }

  /** Cancels the timer and the flight in the air; the issuer is not asked again. Keys in memory go on serving. */
  close(): void {
    this.keeper.close();
  }

  get status(): KeyRingStatus {
    const { age, held, lastError, schedule, jwksUri, parking } = this.keeper;
    const { state, ageMs, maxAgeMs, timeToExpiryMs } = age;
    const { keys } = held.keySet;
    const kids = keys.map((key) => key.kid).filter((kid) => kid !== undefined);
    return {
      issuer: this.issuer,
      state,
      ageMs,
      maxAgeMs,
      timeToExpiryMs,
      keyCount: keys.length,
      kids: [...new Set(kids)],
      jwksUri,
      lastError,
      nextRefreshInMs: schedule.dueInMs,
      isParked: parking.isParked,
    };
  }

  private fromMemory(
    { kid, algorithm }: WantedKey,
    lookup: KeyLookup,
  ): readonly VerificationKey[] | undefined {
    const { held, age } = this.keeper;
    const { state } = age;
    if (state === 'EMPTY' || state === 'EXPIRED') return undefined;
    const keys = held.keySet.candidates(kid, algorithm);
    if (keys !== undefined) lookup.result = state === 'FRESH' ? 'hit' : 'stale';
    return keys;
  }

  private tell(news: KeyRingNews): void {
    if (news.type === 'keys_changed') this.desk.keysChanged();
    try {
      this.onEvent({ ...news, issuer: this.issuer } as KeyRingEvent);
    } catch {
      // A listener that fails, such as a logger, must not stop the refreshes.
    }
  }
}
