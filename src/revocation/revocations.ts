import { systemClock, type Clock } from '../common/clock.js';
import type { Logger } from '../common/logger.js';
import { printable } from '../common/printable.js';
import type { RevocationCheck, VerifiedToken } from '../token/access-token.js';
import { ownValue } from '../token/claim-path.js';
import { RevocationSet } from './revocation-set.js';
import type { ResolvedRevocationOptions } from './revocation.options.js';
import type { RequestedRevocation, Revocation } from './revocation.js';

/** Passes revocations on to other processes. */
export interface RevocationSharing {
  /** Resolves to whether the other processes will read it; never rejects. */
  share(revocation: RequestedRevocation): Promise<boolean>;
  /** Resolves when what they have revoked so far was read, or could not be. */
  start(): Promise<void>;
  close(): void;
}

/** So many are kept of an issuer, and of all issuers together. */
export const MAX_REVOCATIONS = 100_000;
const MAX_OF_ALL_ISSUERS = 10 * MAX_REVOCATIONS;
/** The share that makes room at once when there are too many. */
const ROOM = 0.01;

/**
 * What was revoked before it expired: single tokens, sessions and subjects. A token that is revoked is refused with the
 * code `revoked` from the next request on, in this process at once and, with `keys.store`, in every process.
 */
export class Revocations implements RevocationCheck {
  private readonly sets = new Map<string, RevocationSet>();
  private kept = 0;
  /** Tokens of every issuer that were issued until then are refused; milliseconds since 1970. */
  private floor = -Infinity;
  private readonly listeners = new Set<(revocation: Revocation) => void>();
  private readonly issuersWithLongTokens = new Set<string>();
  private sharing: RevocationSharing | undefined;

  constructor(
    private readonly options: Pick<ResolvedRevocationOptions, 'keepMs'>,
    private readonly logger: Logger,
    private readonly clock: Pick<Clock, 'wallNow'> = systemClock,
  ) {}

  /**
   * Refuses the token with this `jti` (RFC 7519 §4.1.7). Takes effect at once; resolves to whether other processes will
   * read it from `keys.store`, false without one.
   *
   * @throws TypeError for an argument that is no non-empty string
   */
  async revokeToken(issuer: string, jti: string): Promise<boolean> {
    checkText('revokeToken', { issuer, jti });
    return this.revoke({ kind: 'token', issuer, jti, revokedAt: this.clock.wallNow() });
  }

  /**
   * Refuses every token with this `sid`, whenever it was issued; otherwise as {@link revokeToken}.
   *
   * @throws TypeError for an argument that is no non-empty string
   */
  async revokeSession(issuer: string, sid: string): Promise<boolean> {
    checkText('revokeSession', { issuer, sid });
    return this.revoke({ kind: 'session', issuer, sid, revokedAt: this.clock.wallNow() });
  }

  /**
   * Refuses every token with this `sub` whose `iat` is not later than a time, and those without `iat`; otherwise as
   * {@link revokeToken}. `iat` counts whole seconds, so a token of the same second is refused.
   *
   * @param issuedBefore milliseconds since 1970, by default now
   * @throws TypeError for an argument of the wrong type
   */
  async revokeSubject(issuer: string, sub: string, issuedBefore = this.clock.wallNow()): Promise<boolean> {
    checkText('revokeSubject', { issuer, sub });
    if (typeof issuedBefore !== 'number' || !Number.isFinite(issuedBefore))
      throw wrong('revokeSubject', 'issuedBefore', 'a time in milliseconds since 1970');
    return this.revoke({ kind: 'subject', issuer, sub, issuedBefore, revokedAt: this.clock.wallNow() });
  }

  /** How many are kept, those that have expired and were not removed yet included. */
  get size(): number {
    return this.kept;
  }

  /** True for a verified token that was revoked. Synchronous: it is called for every verification. */
  isRevoked(token: VerifiedToken): boolean {
    if (this.sets.size === 0 && this.floor === -Infinity) return false;
    const { issuer, claims } = token;
    const now = this.clock.wallNow();
    if (this.isBelowFloor(claims, now)) return true;
    const set = this.sets.get(issuer);
    if (set === undefined) return false;
    const { size } = set;
    const isInUse = set.isInUse(now);
    this.kept += set.size - size;
    if (!isInUse) {
      this.sets.delete(issuer);
      return false;
    }
    this.warnOfLongLife(token, now);
    return set.covers(claims, now);
  }

  /**
   * Calls `listener` with each revocation, also with those of other processes, once this process refuses the tokens.
   * For what outlives a request, such as connections. Returns what ends it; what `listener` throws is ignored.
   */
  onChange(listener: (revocation: Revocation) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /**
   * Passes on what is revoked from now on, and reads what others have revoked once it is started.
   *
   * @internal
   */
  shareThrough(sharing: RevocationSharing): void {
    this.sharing = sharing;
  }

  /** @internal */
  async start(): Promise<void> {
    await this.sharing?.start();
  }

  /**
   * Neither reads nor writes the store any more. What is known stays revoked.
   *
   * @internal
   */
  close(): void {
    this.sharing?.close();
  }

  /**
   * Takes in what another process has revoked.
   *
   * @internal
   */
  accept(revocation: RequestedRevocation): void {
    const now = this.clock.wallNow();
    const { issuer, revokedAt } = revocation;
    const set = this.sets.get(issuer) ?? new RevocationSet(this.options.keepMs);
    const { size } = set;
    // A clock that is ahead must not make an entry live for longer than all others.
    const isNews = set.add({ ...revocation, revokedAt: Math.min(revokedAt, now) }, now);
    this.kept += set.size - size;
    if (set.size > 0) this.sets.set(issuer, set);
    if (isNews) this.announce(revocation);
    if (set.size > MAX_REVOCATIONS) this.makeRoom(issuer, set, now);
    else if (this.kept > MAX_OF_ALL_ISSUERS) this.makeRoomInLargest(now);
  }

  /**
   * Refuses the tokens of every issuer that were issued until a time: what was revoked until then is not known.
   *
   * @internal
   */
  raiseFloor(issuedBefore: number): void {
    if (issuedBefore <= this.floor) return;
    this.floor = issuedBefore;
    this.logger.error(
      `more was revoked than the key store keeps: tokens of every issuer that were issued until ${timeOf(issuedBefore)} are refused`,
    );
  }

  private revoke(revocation: RequestedRevocation): Promise<boolean> | boolean {
    this.accept(revocation);
    return this.sharing?.share(revocation) ?? false;
  }

  private makeRoomInLargest(now: number): void {
    const [largest] = [...this.sets].toSorted(([, a], [, b]) => b.size - a.size);
    if (largest !== undefined) this.makeRoom(...largest, now);
  }

  private makeRoom(issuer: string, set: RevocationSet, now: number): void {
    const { size } = set;
    const watermark = set.shrinkTo(Math.floor(size * (1 - ROOM)), now);
    this.kept += set.size - size;
    if (watermark === undefined) return;
    this.logger.error(
      `${printable(issuer)}: more was revoked than is kept: tokens that were issued until ${timeOf(watermark)} are refused`,
    );
    this.announce({ kind: 'issuer', issuer, issuedBefore: watermark, revokedAt: now });
  }

  private announce(revocation: Revocation): void {
    for (const listener of this.listeners) {
      try {
        listener(revocation);
      } catch {
        // A connection that fails to close must not keep another one open.
      }
    }
  }

  private isBelowFloor(claims: VerifiedToken['claims'], now: number): boolean {
    if (now >= this.floor + this.options.keepMs) return false;
    const iat = ownValue(claims, 'iat');
    return typeof iat !== 'number' || !(iat * 1_000 > this.floor);
  }

  /** A token that lives for longer than its revocation would be accepted again. */
  private warnOfLongLife({ issuer, claims }: VerifiedToken, now: number): void {
    const { exp, iat = now / 1_000 } = claims;
    if ((exp - iat) * 1_000 <= this.options.keepMs || this.issuersWithLongTokens.has(issuer)) return;
    this.issuersWithLongTokens.add(issuer);
    this.logger.warn(
      `${printable(issuer)}: a token lives for longer than a revocation is kept: raise revocations.keepMs`,
    );
  }
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

const wrong = (method: string, argument: string, expectation: string): TypeError =>
  new TypeError(`nestjs-jwks-auth: Revocations.${method}: ${argument} must be ${expectation}`);

function checkText(method: string, given: Readonly<Record<string, unknown>>): void {
  for (const [argument, value] of Object.entries(given)) {
    if (typeof value !== 'string' || value === '') throw wrong(method, argument, 'a non-empty string');
  }
}
