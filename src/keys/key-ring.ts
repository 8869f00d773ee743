import { AuthError } from '../errors/auth.error.js';
import type { Clock } from './clock.js';
import { traceKeyLookup, type KeyLookup } from './key-lookup.trace.js';
import type { KeyRingEvent, KeyRingState, OnKeyRingEvent } from './key-ring.events.js';
import { KEY_POLICY } from './key-policy.js';
import { KeySetKeeper, type Flight, type KeySetKeeperDeps } from './key-set.keeper.js';
import { UnknownKidBudget } from './unknown-kid.budget.js';
import type { VerificationKey } from './verification-key.js';
import { WaitingRoom } from './waiting-room.js';

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
  /** Their ids. */
  readonly kids: readonly string[];
  /** What the last question to the issuer failed with; undefined after an accepted answer. */
  readonly lastError: Error | undefined;
  /** Milliseconds until the issuer is asked again. */
  readonly nextRefreshInMs: number;
}

/**
 * One issuer's verification keys, in memory. A request that names a key we hold never waits, unless the ring is EMPTY
 * or EXPIRED. A refusal is true: when the issuer cannot be asked, the answer is `keys_unavailable`.
 */
export class KeyRing {
  readonly issuer: string;
  private readonly keeper: KeySetKeeper;
  private readonly clock: Clock;
  private readonly budget: UnknownKidBudget;
  private readonly charged = new WeakSet<Flight>();
  private readonly waitingForFirstKeys: WaitingRoom;
  private readonly waitingForUnknownKid: WaitingRoom;

  constructor(deps: KeyRingDeps) {
    const { issuer, clock, onEvent } = deps;
    this.issuer = issuer;
    this.clock = clock;
    this.keeper = new KeySetKeeper({
      ...deps,
      onNews: (news) => onEvent({ ...news, issuer } as KeyRingEvent),
    });
    this.budget = new UnknownKidBudget(clock, deps.jwksRequestsPerMinute);
    this.waitingForFirstKeys = new WaitingRoom(clock);
    this.waitingForUnknownKid = new WaitingRoom(clock);
  }

  /**
   * The keys that a token with this kid and algorithm may have been signed with; [] when the kid is known and none of
   * its keys fits.
   *
   * @throws AuthError `unknown_key` when the issuer has no such key, `keys_unavailable` when that cannot be known
   */
  async getKeys(kid: string | undefined, algorithm: string): Promise<readonly VerificationKey[]> {
    return traceKeyLookup(this.issuer, this.keeper.age.ageMs, (lookup) => {
      this.keeper.watch();
      return this.fromMemory(kid, algorithm, lookup) ?? this.fromIssuer(kid, algorithm, lookup);
    });
  }

  /** True while this key, by kid and material, is held and the set may be relied on. */
  holds(key: VerificationKey): boolean {
    return this.keeper.age.isUsable && this.keeper.keySet.holds(key);
  }

  /** Starts a refresh whose timer was lost, without waiting for it. */
  watch(): void {
    this.keeper.watch();
  }

  /** True while the keys in memory may be relied on. */
  get isUsable(): boolean {
    return this.keeper.age.isUsable;
  }

  /** Rises whenever the keys have changed. */
  get generation(): number {
    return this.keeper.generation;
  }

  /** Asks the issuer now, whatever the schedule says; resolves when that is over, to whether it was accepted. */
  async refresh(): Promise<boolean> {
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

  /** Takes a key out of use at once, and keeps it out for the life of the process. */
  deny(kid: string): void {
    this.keeper.deny(kid);
  }

  /** Cancels timers and the flight in the air. */
  close(): void {
    this.keeper.close();
  }

  get status(): KeyRingStatus {
    const { age, keySet, lastError, schedule } = this.keeper;
    const { state, ageMs, maxAgeMs, timeToExpiryMs } = age;
    const kids = keySet.keys.map((key) => key.kid).filter((kid) => kid !== undefined);
    const [issuer, keyCount, nextRefreshInMs] = [this.issuer, keySet.keys.length, schedule.dueInMs];
    return { issuer, state, ageMs, maxAgeMs, timeToExpiryMs, keyCount, kids, lastError, nextRefreshInMs };
  }

  private fromMemory(
    kid: string | undefined,
    algorithm: string,
    lookup: KeyLookup,
  ): readonly VerificationKey[] | undefined {
    const { keySet, age } = this.keeper;
    const { state } = age;
    if (state === 'EMPTY' || state === 'EXPIRED') return undefined;
    const keys = keySet.candidates(kid, algorithm);
    if (keys !== undefined) lookup.result = state === 'FRESH' ? 'hit' : 'stale';
    return keys;
  }

  /** A key that is not in memory: waits for one answer of the issuer, as far as policy allows. */
  private async fromIssuer(
    kid: string | undefined,
    algorithm: string,
    lookup: KeyLookup,
  ): Promise<readonly VerificationKey[]> {
    const { keeper, clock } = this;
    if (keeper.isDenied(kid)) throw new AuthError('unknown_key');
    const arrivedAt = clock.now();
    const deadline =
      arrivedAt + (keeper.age.isUsable ? KEY_POLICY.waitForUnknownKidMs : KEY_POLICY.waitForFirstKeysMs);
    for (let flight = this.board(lookup); flight !== undefined; flight = this.board(lookup)) {
      const room = keeper.age.isUsable ? this.waitingForUnknownKid : this.waitingForFirstKeys;
      const isOver = await room.wait(flight.done, deadline - clock.now());
      const keys = keeper.age.isUsable ? keeper.keySet.candidates(kid, algorithm) : undefined;
      if (keys !== undefined) {
        if (this.charged.delete(flight)) this.budget.giveBack();
        return keys;
      }
      // A flight that was in the air before the token came may bring an answer older than the token.
      if (!isOver || flight.startedAt >= arrivedAt) break;
    }
    return this.refuse(arrivedAt);
  }

  /** The flight to wait for: the one in the air, or a new one if policy allows; undefined when it does not. */
  private board(lookup: KeyLookup): Flight | undefined {
    const { keeper } = this;
    const inTheAir = keeper.flight;
    if (inTheAir !== undefined) {
      lookup.result = 'coalesced';
      lookup.waitsFor(inTheAir.place);
      return inTheAir;
    }
    if (keeper.schedule.suspendedForMs > 0) return undefined;
    if (keeper.age.isUsable && !this.budget.take()) return undefined;
    lookup.result = 'miss';
    if (!keeper.age.isUsable) return keeper.fly(keeper.age.state === 'EMPTY' ? 'bootstrap' : 'expired');
    const flight = keeper.fly('unknown_kid');
    this.charged.add(flight);
    void flight.done.then(({ accepted, changed }) => {
      if (accepted) this.budget.learn(changed);
      // A failed question is governed by the back-off, and is not charged.
      else if (this.charged.delete(flight)) this.budget.giveBack();
    });
    return flight;
  }

  /** 401 only when an answer without that kid is recent enough to be true; otherwise nobody knows. */
  private refuse(arrivedAt: number): never {
    const { keeper, clock, budget } = this;
    const { confirmedAt = -Infinity } = keeper.age;
    const isTrue = confirmedAt >= arrivedAt || clock.now() - confirmedAt < budget.intervalMs;
    if (keeper.age.isUsable && isTrue) throw new AuthError('unknown_key');
    const retryAfterMs = Math.max(keeper.schedule.suspendedForMs, keeper.age.isUsable ? budget.waitMs : 0);
    throw new AuthError('keys_unavailable', { retryAfterMs, cause: keeper.lastError });
  }
}
