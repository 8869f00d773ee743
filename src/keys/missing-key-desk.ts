import { AuthError } from '../common/auth.error.js';
import type { Clock } from '../common/clock.js';
import type { Flight } from './inflight.js';
import type { KeyLookup } from './key-lookup-trace.js';
import { KEY_POLICY } from './key-policy.js';
import type { KeySetKeeper } from './key-set-refresher.js';
import { UnknownKidBudget } from './rate-limiter.js';
import type { VerificationKey } from '../jwk/verification-key.js';
import { WaitingRoom } from '../common/bulkhead.js';

/** What a token asks for. */
export interface WantedKey {
  readonly kid: string | undefined;
  readonly algorithm: string;
}

/**
 * Where a request goes whose key is not in memory: it waits for an answer of the issuer, as far as policy allows, and
 * is told the truth.
 */
export class MissingKeyDesk {
  private readonly budget: UnknownKidBudget;
  private readonly waitingForFirstKeys: WaitingRoom;
  private readonly waitingForUnknownKid: WaitingRoom;
  /** The flight that has taken a charge and not given it back. */
  private charged: Flight | undefined;

  constructor(
    private readonly keeper: KeySetKeeper,
    private readonly clock: Clock,
    jwksRequestsPerMinute: number,
  ) {
    this.budget = new UnknownKidBudget(clock, jwksRequestsPerMinute);
    this.waitingForFirstKeys = new WaitingRoom(clock, KEY_POLICY.maxWaiters);
    this.waitingForUnknownKid = new WaitingRoom(clock, KEY_POLICY.maxWaiters);
  }

  /**
   * The keys, once the issuer has answered; [] when the kid is known by then and none of its keys fits.
   *
   * @throws AuthError `unknown_key` when the issuer has no such key, `keys_unavailable` when that cannot be known
   */
  async getKeys(wanted: WantedKey, lookup: KeyLookup): Promise<readonly VerificationKey[]> {
    const { keeper, clock } = this;
    if (keeper.held.isDenied(wanted.kid)) throw new AuthError('unknown_key');
    const arrivedAt = clock.now();
    const deadline = arrivedAt + this.limitMs;
    const board = () => this.board(wanted, arrivedAt, lookup);
    for (let flight = board(); flight !== undefined; flight = board()) {
      const isOver = await this.room.wait(flight.done, Math.min(this.limitMs, deadline - clock.now()));
      const keys = this.look(wanted);
      if (keys !== undefined) {
        this.giveBack(flight);
        return keys;
      }
      if (!isOver) break;
      // A flight that was in the air before the token came may bring an answer older than the token, and one that ended
      // at the store an answer that proves nothing.
      const isLate = flight.startedAt >= arrivedAt && !keeper.held.withdrawn.isDoubtful(wanted.kid);
      if (isLate && (!flight.endedAtStore || this.isTold(wanted, arrivedAt))) break;
    }
    return this.refuse(wanted, arrivedAt);
  }

  /** The issuer brought other keys, whatever it was that asked. */
  keysChanged(): void {
    this.budget.keysChanged();
  }

  private get limitMs(): number {
    return this.keeper.age.isUsable ? KEY_POLICY.waitForUnknownKidMs : KEY_POLICY.waitForFirstKeysMs;
  }

  private get room(): WaitingRoom {
    return this.keeper.age.isUsable ? this.waitingForUnknownKid : this.waitingForFirstKeys;
  }

  private look({ kid, algorithm }: WantedKey): readonly VerificationKey[] | undefined {
    const { age, held } = this.keeper;
    return age.isUsable ? held.keySet.candidates(kid, algorithm) : undefined;
  }

  /** The flight to wait for: the one in the air, or a new one if policy allows; undefined when it does not. */
  private board(wanted: WantedKey, arrivedAt: number, lookup: KeyLookup): Flight | undefined {
    const { keeper } = this;
    const inTheAir = keeper.flight;
    if (inTheAir !== undefined) {
      lookup.result = 'coalesced';
      lookup.waitsFor(inTheAir.place);
      return inTheAir;
    }
    if (keeper.isGrounded) return undefined;
    // While the issuer must not be asked, only the store is looked at; that has a limit of its own.
    const isCharged = keeper.age.isUsable && keeper.schedule.suspendedForMs === 0;
    if (isCharged && !this.budget.take()) return undefined;
    lookup.result = 'miss';
    if (!keeper.age.isUsable) return keeper.fly(keeper.age.state === 'EMPTY' ? 'bootstrap' : 'expired');
    const flight = keeper.fly(
      'unknown_kid',
      () => this.look(wanted) !== undefined || this.isTold(wanted, arrivedAt),
    );
    return isCharged ? this.charge(flight, wanted) : flight;
  }

  private charge(flight: Flight, wanted: WantedKey): Flight {
    this.charged = flight;
    void flight.done.then(({ accepted, changed }) => {
      // A failed question is governed by the back-off. One that brought what was asked for was worth its price, also
      // when nobody waits for it any more.
      if (!accepted || this.look(wanted) !== undefined) this.giveBack(flight);
      if (accepted && !changed) this.budget.wasFutile();
    });
    return flight;
  }

  private giveBack(flight: Flight): void {
    if (this.charged !== flight) return;
    this.charged = undefined;
    this.budget.giveBack();
  }

  /** True when an answer of the issuer is recent enough to tell that a kid which is not in it does not exist. */
  private isTold({ kid }: WantedKey, arrivedAt: number): boolean {
    const { age, held } = this.keeper;
    const { askedAt = -Infinity } = age;
    const isRecent = askedAt >= arrivedAt || this.clock.now() - askedAt <= this.budget.intervalMs;
    return isRecent && !held.withdrawn.isDoubtful(kid);
  }

  /** 401 only when that would be true; otherwise nobody knows. */
  private refuse(wanted: WantedKey, arrivedAt: number): never {
    const { keeper, budget } = this;
    const { isUsable } = keeper.age;
    if (isUsable && this.isTold(wanted, arrivedAt)) throw new AuthError('unknown_key');
    const retryAfterMs = Math.max(keeper.schedule.suspendedForMs, isUsable ? budget.waitMs : 0);
    throw new AuthError('keys_unavailable', { retryAfterMs, cause: keeper.lastError });
  }
}
