import type { AccessTokenClaims } from '../token/access-token.js';
import { ownValue } from '../token/claim-path.js';
import { revocationKey, revokedId, type RequestedRevocation } from './revocation.js';

interface Entry {
  readonly revokedAt: number;
  /** Infinity where the time of issue makes no difference. */
  readonly issuedBefore: number;
  /** When the latest token that was refused for it was issued: later than `revokedAt` for a session that went on. */
  refusedUntil: number;
}

/**
 * The revocations of one issuer. When there are more than `max`, the oldest make room, and a watermark takes their place:
 * whatever was issued until then is refused, so that no token is accepted again.
 */
export class RevocationSet {
  private readonly entries = new Map<string, Entry>();
  /** Milliseconds since 1970. */
  private watermark = -Infinity;

  /** @param keepMs how long an entry is kept, from when it was revoked */
  constructor(private readonly keepMs: number) {}

  get size(): number {
    return this.entries.size;
  }

  /** True when a token of this issuer may be refused. */
  isInUse(now: number): boolean {
    this.dropExpired(now);
    return this.entries.size > 0 || this.isCurrent(this.watermark, now);
  }

  /** Returns whether anything has changed; an entry that is there already is kept for longer. */
  add(revocation: RequestedRevocation, now: number): boolean {
    const { revokedAt } = revocation;
    if (!this.isCurrent(revokedAt, now)) return false;
    this.dropExpired(now);
    const key = revocationKey(revocation.kind, revokedId(revocation));
    const issuedBefore = revocation.kind === 'subject' ? revocation.issuedBefore : Infinity;
    const known = this.entries.get(key);
    const isNews = known === undefined || known.issuedBefore < issuedBefore;
    // A Map keeps the order of insertion: the entry that was revoked last comes last.
    this.entries.delete(key);
    this.entries.set(key, {
      revokedAt: Math.max(revokedAt, known?.revokedAt ?? 0),
      issuedBefore: Math.max(issuedBefore, known?.issuedBefore ?? -Infinity),
      refusedUntil: known?.refusedUntil ?? -Infinity,
    });
    return isNews;
  }

  /** Removes the oldest entries down to `size`; returns the new watermark, or undefined where it stays as it is. */
  shrinkTo(size: number, now: number): number | undefined {
    const before = this.watermark;
    for (const [key, entry] of this.entries) {
      if (this.entries.size <= size) break;
      this.entries.delete(key);
      this.raise(refusesUntil(entry, now));
    }
    return this.watermark > before ? this.watermark : undefined;
  }

  /** Refuses what was issued until then. */
  raise(watermark: number): void {
    this.watermark = Math.max(this.watermark, watermark);
  }

  covers(claims: AccessTokenClaims, now: number): boolean {
    const iat = ownValue(claims, 'iat');
    if (this.isCurrent(this.watermark, now) && isIssuedUntil(this.watermark, iat)) return true;
    if (this.entries.size === 0) return false;
    return (
      this.has('token', ownValue(claims, 'jti'), iat, now) ||
      this.has('session', ownValue(claims, 'sid'), iat, now) ||
      this.has('subject', ownValue(claims, 'sub'), iat, now)
    );
  }

  private has(kind: RequestedRevocation['kind'], id: unknown, iat: unknown, now: number): boolean {
    if (typeof id !== 'string') return false;
    const entry = this.entries.get(revocationKey(kind, id));
    if (entry === undefined || !this.isCurrent(entry.revokedAt, now)) return false;
    if (!isIssuedUntil(entry.issuedBefore, iat)) return false;
    if (typeof iat === 'number') entry.refusedUntil = Math.max(entry.refusedUntil, iat * 1_000);
    return true;
  }

  private isCurrent(since: number, now: number): boolean {
    return now < since + this.keepMs;
  }

  private dropExpired(now: number): void {
    for (const [key, { revokedAt }] of this.entries) {
      if (this.isCurrent(revokedAt, now)) break;
      this.entries.delete(key);
    }
  }
}

/** Until when the tokens were issued at the latest that an entry stands for, or has refused so far. */
function refusesUntil({ revokedAt, issuedBefore, refusedUntil }: Entry, now: number): number {
  const named = Number.isFinite(issuedBefore) ? Math.min(issuedBefore, now) : revokedAt;
  return Math.max(revokedAt, named, refusedUntil);
}

/** True for a token that does not say when it was issued. */
const isIssuedUntil = (time: number, iat: unknown): boolean =>
  typeof iat !== 'number' || !(iat * 1_000 > time);
