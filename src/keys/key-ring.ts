import { AuthError } from '../errors/auth.error.js';
import { ATTRIBUTES, SPANS } from '../telemetry/names.js';
import { withSpan, type ActiveSpan } from '../telemetry/span.js';
import type { Clock } from './clock.js';
import type { KeyRingEvent, OnKeyRingEvent } from './key-ring.events.js';
import type { KeyRingStatus } from './key-ring.status.js';
import { KEY_POLICY } from './key-policy.js';
import type { Flight } from './flight.js';
import { KeySetKeeper, type KeySetKeeperDeps } from './key-set.keeper.js';
import { UnknownKidBudget } from './unknown-kid.budget.js';
import type { VerificationKey } from './verification-key.js';
import { WaitingRoom } from './waiting-room.js';

export interface KeyRingDeps extends Omit<KeySetKeeperDeps, 'onNews'> {
  readonly jwksRequestsPerMinute: number;
  readonly onEvent: OnKeyRingEvent;
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
    const attributes = { [ATTRIBUTES.jwksIssuer]: this.issuer };
    return withSpan(SPANS.getKey, { attributes }, async (span) => {
      this.keeper.watch();
      const { ageMs } = this.keeper.age;
      if (ageMs !== undefined) span.set({ [ATTRIBUTES.cacheAge]: Math.round(ageMs) / 1_000 });
      return this.fromMemory(kid, algorithm, span) ?? this.fromIssuer(kid, algorithm, span);
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

  /**
   * Takes a key out of use at once, and keeps it out for the life of the process; with `keys.store`, in every process,
   * by its next refresh at the latest. Resolves to whether the others will learn of it; never rejects.
   */
  deny(kid: string): Promise<boolean> {
    return this.keeper.deny(kid);
  }

  /** Cancels timers and the flight in the air. */
  close(): void {
    this.keeper.close();
  }

  get status(): KeyRingStatus {
    const { age, keySet, lastError, schedule } = this.keeper;
    const { state, ageMs, timeToExpiryMs } = age;
    const kids = keySet.keys.map((key) => key.kid).filter((kid) => kid !== undefined);
    const { issuer } = this;
    return { issuer, state, ageMs, timeToExpiryMs, kids, lastError, nextRefreshInMs: schedule.dueInMs };
  }

  private fromMemory(
    kid: string | undefined,
    algorithm: string,
    span: ActiveSpan,
  ): readonly VerificationKey[] | undefined {
    const { keySet, age } = this.keeper;
    const { state } = age;
    if (state === 'EMPTY' || state === 'EXPIRED') return undefined;
    const keys = keySet.candidates(kid, algorithm);
    if (keys !== undefined) span.set({ [ATTRIBUTES.cacheResult]: state === 'FRESH' ? 'hit' : 'stale' });
    return keys;
  }

  /** A key that is not in memory: waits for one answer of the issuer, as far as policy allows. */
  private async fromIssuer(
    kid: string | undefined,
    algorithm: string,
    span: ActiveSpan,
  ): Promise<readonly VerificationKey[]> {
    const { keeper, clock } = this;
    if (keeper.isDenied(kid)) throw new AuthError('unknown_key');
    span.set({ [ATTRIBUTES.cacheResult]: 'refused' });
    const arrivedAt = clock.now();
    const deadline =
      arrivedAt + (keeper.age.isUsable ? KEY_POLICY.waitForUnknownKidMs : KEY_POLICY.waitForFirstKeysMs);
    const find = () => (keeper.age.isUsable ? keeper.keySet.candidates(kid, algorithm) : undefined);
    const board = () => this.board(span, () => find() !== undefined || this.isProven(arrivedAt));
    for (let flight = board(); flight !== undefined; flight = board()) {
      const room = keeper.age.isUsable ? this.waitingForUnknownKid : this.waitingForFirstKeys;
      const isOver = await room.wait(flight.done, deadline - clock.now());
      const keys = find();
      if (keys !== undefined) {
        if (this.charged.delete(flight)) this.budget.giveBack();
        return keys;
      }
      // A flight that was in the air before the token came may bring an answer older than the token.
      const isRecent = flight.startedAt >= arrivedAt && (flight.hasAskedIssuer || this.isProven(arrivedAt));
      if (!isOver || isRecent) break;
    }
    return this.refuse(arrivedAt);
  }

  /** The flight to wait for: the one in the air, or a new one if policy allows; undefined when it does not. */
  private board(span: ActiveSpan, isAnswered: () => boolean): Flight | undefined {
    const { keeper } = this;
    const inTheAir = keeper.flight;
    if (inTheAir !== undefined) {
      span.set({ [ATTRIBUTES.cacheResult]: 'coalesced' });
      span.link(inTheAir.place);
      return inTheAir;
    }
    if (keeper.isGrounded) return undefined;
    // While the issuer must not be asked, only the store is looked at; that has a limit of its own.
    const isCharged = keeper.age.isUsable && keeper.schedule.suspendedForMs === 0;
    if (isCharged && !this.budget.take()) return undefined;
    span.set({ [ATTRIBUTES.cacheResult]: 'miss' });
    if (!keeper.age.isUsable) return keeper.fly(keeper.age.state === 'EMPTY' ? 'bootstrap' : 'expired');
    const flight = keeper.fly('unknown_kid', isAnswered);
    if (!isCharged) return flight;
    this.charged.add(flight);
    void flight.done.then(({ accepted, changed }) => {
      if (accepted) this.budget.learn(changed);
      // A failed question is governed by the back-off, and is not charged.
      else if (this.charged.delete(flight)) this.budget.giveBack();
    });
    return flight;
  }

  /** True when an answer of the issuer is recent enough to tell that a kid which is not in it does not exist. */
  private isProven(arrivedAt: number): boolean {
    const { provenAt = -Infinity } = this.keeper.age;
    return provenAt >= arrivedAt || this.clock.now() - provenAt < this.budget.intervalMs;
  }

  /** 401 only when that would be true; otherwise nobody knows. */
  private refuse(arrivedAt: number): never {
    const { keeper, budget } = this;
    if (keeper.age.isUsable && this.isProven(arrivedAt)) throw new AuthError('unknown_key');
    const retryAfterMs = Math.max(keeper.schedule.suspendedForMs, keeper.age.isUsable ? budget.waitMs : 0);
    throw new AuthError('keys_unavailable', { retryAfterMs, cause: keeper.lastError });
  }
}
