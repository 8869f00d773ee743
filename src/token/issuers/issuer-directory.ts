import { AuthError } from '../../common/auth.error.js';
import { systemClock, type Clock } from '../../common/clock.js';
import { KEY_POLICY } from '../../keys/key-policy.js';
import type { KeyRing } from '../../keys/key-ring.js';
import type { KeyRings } from '../../keys/key-rings.js';
import { WaitingRoom } from '../../common/bulkhead.js';
import type { ResolvedDynamicIssuers } from './dynamic-issuers.js';
import type { IssuerRules } from './issuer-rules.js';

/** An accepted issuer: the rules for its tokens, and its keys. */
export interface KnownIssuer {
  readonly rules: IssuerRules;
  readonly ring: KeyRing;
}

/**
 * Finds an issuer by its exact name. Of issuers that are not accepted nothing is kept, however many names somebody
 * makes up.
 */
export class IssuerDirectory {
  private readonly listed: ReadonlyMap<string, KnownIssuer>;
  /** What is known of a dynamic issuer, for as long as it has a ring. */
  private readonly resolved = new WeakMap<KeyRing, KnownIssuer>();
  /** Those that the application is being asked for. */
  private readonly pending = new Map<string, Promise<KnownIssuer | undefined>>();
  private readonly room: WaitingRoom;

  constructor(
    issuers: readonly IssuerRules[],
    private readonly keyRings: KeyRings,
    private readonly dynamic: ResolvedDynamicIssuers | undefined,
    private readonly clock: Clock = systemClock,
  ) {
    this.listed = new Map(issuers.map((rules) => [rules.issuer, this.withRing(rules)]));
    this.room = new WaitingRoom(clock, KEY_POLICY.maxWaiters);
  }

  /**
   * The issuer, if it is known by now; undefined for one that is allowed and has to be resolved. Causes no request.
   *
   * @throws AuthError `unknown_issuer` when it is not accepted, `keys_unavailable` when the application's rule fails
   */
  find(issuer: unknown): KnownIssuer | undefined {
    if (typeof issuer !== 'string') throw new AuthError('unknown_issuer');
    const listed = this.listed.get(issuer);
    if (listed !== undefined) return listed;
    if (!this.isAllowed(issuer)) throw new AuthError('unknown_issuer');
    const ring = this.keyRings.get(issuer);
    return ring === undefined ? undefined : this.resolved.get(ring);
  }

  /**
   * Asks the application for an allowed issuer, once for all who wait for it.
   *
   * @throws AuthError `unknown_issuer` when there is no such issuer; `keys_unavailable` when the application fails,
   * with what it threw as the cause, or does not answer in time
   */
  async resolve(issuer: string): Promise<KnownIssuer> {
    const pending = this.pending.get(issuer) ?? this.ask(issuer);
    const isOver = await this.room.wait(pending, KEY_POLICY.waitForFirstKeysMs).catch(unavailable);
    if (!isOver) return unavailable(undefined);
    const known = await pending;
    if (known === undefined) throw new AuthError('unknown_issuer');
    return known;
  }

  private isAllowed(issuer: string): boolean {
    try {
      return this.dynamic?.allow(issuer) ?? false;
    } catch (error) {
      return unavailable(error);
    }
  }

  private ask(issuer: string): Promise<KnownIssuer | undefined> {
    if (this.pending.size >= KEY_POLICY.maxWaiters) return unavailable(undefined);
    const pending = this.open(issuer).finally(() => this.pending.delete(issuer));
    // Whoever finds the waiting room full does not look at it again, nor need anybody else.
    pending.catch(() => {});
    this.pending.set(issuer, pending);
    return pending;
  }

  private async open(issuer: string): Promise<KnownIssuer | undefined> {
    const rules = await this.inTime(this.dynamic?.resolve(issuer));
    if (rules === undefined) return undefined;
    const ring = this.keyRings.open(rules);
    const known = { rules, ring };
    this.resolved.set(ring, known);
    return known;
  }

  /** An answer that never comes must not be waited for by all who come later. */
  private async inTime<T>(answer: T | Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const tooLate = new Error('the application did not say in time what it knows of the issuer');
    const cancel = this.clock.after(KEY_POLICY.waitForFirstKeysMs, () => late.reject(tooLate));
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      cancel();
    }
  }

  private withRing(rules: IssuerRules): KnownIssuer {
    const ring = this.keyRings.get(rules.issuer);
    if (ring === undefined) throw new TypeError(`${rules.issuer} has no key ring`);
    return { rules, ring };
  }
}

function unavailable(cause: unknown): never {
  throw new AuthError('keys_unavailable', { cause });
}
