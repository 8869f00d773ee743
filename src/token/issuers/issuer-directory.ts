import { AuthError } from '../../common/auth.error.js';
import { Bulkhead } from '../../common/bulkhead.js';
import { systemClock, type Clock } from '../../common/clock.js';
import { withDeadline } from '../../common/deadline.js';
import { KEY_POLICY } from '../../keys/key-policy.js';
import type { KeyRing } from '../../keys/key-ring.js';
import type { KeyRings } from '../../keys/key-rings.js';
import type { ResolvedDynamicIssuers } from './dynamic-issuers.js';
import type { IssuerRules } from './issuer-rules.js';

/** An accepted issuer: the rules for its tokens, and its keys. */
export interface KnownIssuer {
  readonly rules: IssuerRules;
  readonly ring: KeyRing;
}

/** Finds an issuer by its exact name. Nothing is kept of issuers that are not accepted, however many names are made up. */
export class IssuerDirectory {
  private readonly listed: ReadonlyMap<string, KnownIssuer>;
  /** What is known of a dynamic issuer, for as long as it has a ring. */
  private readonly resolved = new WeakMap<KeyRing, KnownIssuer>();
  /** Those that the application is resolving. */
  private readonly pending = new Map<string, Promise<KnownIssuer | undefined>>();
  private readonly bulkhead: Bulkhead;

  constructor(
    issuers: readonly IssuerRules[],
    private readonly keyRings: KeyRings,
    private readonly dynamic: ResolvedDynamicIssuers | undefined,
    private readonly clock: Clock = systemClock,
  ) {
    this.listed = new Map(issuers.map((rules) => [rules.issuer, this.withRing(rules)]));
    this.bulkhead = new Bulkhead(clock, KEY_POLICY.maxWaiters);
    if (dynamic !== undefined) keyRings.onForget((issuer) => this.pending.delete(issuer));
  }

  /**
   * The issuer, if it is known; undefined for one that is allowed and not resolved yet. Causes no request.
   *
   * @throws AuthError `unknown_issuer` when it is not accepted, `keys_unavailable` when the application's `allow` fails
   */
  find(issuer: unknown): KnownIssuer | undefined {
    if (typeof issuer !== 'string') throw new AuthError('unknown_issuer');
    const listed = this.listed.get(issuer);
    if (listed !== undefined) return listed;
    if (!this.isAllowed(issuer)) throw new AuthError('unknown_issuer');
    return this.installed(issuer);
  }

  /**
   * Has the application resolve an allowed issuer, once for all who wait for it.
   *
   * @throws AuthError `unknown_issuer` when there is no such issuer; `keys_unavailable` when the application fails, with
   * what it threw as the cause, or takes too long
   */
  async resolve(issuer: string): Promise<KnownIssuer> {
    const pending = this.pending.get(issuer) ?? this.startResolving(issuer);
    const isOver = await this.bulkhead.wait(pending, KEY_POLICY.waitForFirstKeysMs).catch(unavailable);
    if (!isOver) return unavailable(undefined);
    const known = await pending;
    if (known === undefined) throw new AuthError('unknown_issuer');
    return known;
  }

  private installed(issuer: string): KnownIssuer | undefined {
    const ring = this.keyRings.get(issuer);
    return ring === undefined ? undefined : this.resolved.get(ring);
  }

  private isAllowed(issuer: string): boolean {
    try {
      return this.dynamic?.allow(issuer) ?? false;
    } catch (error) {
      return unavailable(error);
    }
  }

  private startResolving(issuer: string): Promise<KnownIssuer | undefined> {
    if (this.pending.size >= KEY_POLICY.maxWaiters) return unavailable(undefined);
    const isCurrent = () => this.pending.get(issuer) === pending;
    const pending: Promise<KnownIssuer | undefined> = this.open(issuer, isCurrent).finally(() => {
      if (isCurrent()) this.pending.delete(issuer);
    });
    // A caller that finds the bulkhead full does not wait for it, and then perhaps no caller does.
    pending.catch(() => {});
    this.pending.set(issuer, pending);
    return pending;
  }

  /** @param isCurrent false once the issuer was forgotten: what the application has resolved by then is out of date */
  private async open(issuer: string, isCurrent: () => boolean): Promise<KnownIssuer | undefined> {
    const resolving = Promise.resolve(this.dynamic?.resolve(issuer));
    const resolved = withDeadline(this.clock, KEY_POLICY.waitForFirstKeysMs, resolving, () => {
      throw new Error('issuers.resolve did not respond in time');
    });
    await resolved.catch(() => {});
    if (!isCurrent())
      return this.installed(issuer) ?? this.pending.get(issuer) ?? this.startResolving(issuer);
    const rules = await resolved;
    if (rules === undefined) return undefined;
    const ring = this.keyRings.open(rules);
    const known = { rules, ring };
    this.resolved.set(ring, known);
    return known;
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
