import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../common/clock.js';
import { parseFreshness } from '../http/cache-headers.js';
import { KEY_POLICY } from './key-policy.js';

/** How long ago the keys were last confirmed, and so whether they may be used. */
export type KeyRingState = 'EMPTY' | 'FRESH' | 'STALE' | 'EXPIRED';

/** How long keys may be used, in milliseconds. */
export interface KeySetLifetime {
  /** Undefined: what the issuer's headers say, within bounds. */
  readonly maxAgeMs: number | undefined;
  readonly staleIfErrorMs: number;
}

/**
 * The age of a key set, and whether it may still be used (RFC 9111 §4.2). By the clock that shows more: the monotonic one
 * stops while a machine is suspended, and the wall clock can be set back.
 */
export class Freshness {
  maxAgeMs: number = KEY_POLICY.maxAgeDefaultMs;
  /** When the accepted request was sent, at the earliest. The response is no older than that. */
  requestedAt = -Infinity;
  private requestedWallAt = -Infinity;
  private confirmedAt: number | undefined;
  private confirmedWallAt = 0;

  constructor(
    private readonly lifetime: KeySetLifetime,
    private readonly clock: Clock,
  ) {}

  /** A response with these headers was accepted. They move `maxAge` within bounds, and nothing else. */
  confirm(headers: IncomingHttpHeaders, requestedAt: number, confirmedAt: number): void {
    this.maxAgeMs = this.maxAgeOf(headers);
    const wallOffset = this.clock.wallNow() - this.clock.now();
    this.requestedAt = requestedAt;
    this.requestedWallAt = requestedAt + wallOffset;
    this.confirmedAt = confirmedAt;
    this.confirmedWallAt = confirmedAt + wallOffset;
  }

  /** Milliseconds since the accepted request was sent; Infinity before the first. */
  get sinceRequestMs(): number {
    const { clock } = this;
    return Math.max(clock.now() - this.requestedAt, clock.wallNow() - this.requestedWallAt);
  }

  /** True when keys of that age, from a response with these headers, may be used. */
  wouldBeUsable(headers: IncomingHttpHeaders, ageMs: number): boolean {
    return ageMs < this.maxAgeOf(headers) + this.lifetime.staleIfErrorMs;
  }

  /** Milliseconds since the keys were last confirmed; undefined before the first time. */
  get ageMs(): number | undefined {
    if (this.confirmedAt === undefined) return undefined;
    const { clock } = this;
    return Math.max(clock.now() - this.confirmedAt, clock.wallNow() - this.confirmedWallAt);
  }

  /** How long keys may be used, from when they were confirmed, in milliseconds. */
  get lifetimeMs(): number {
    return this.maxAgeMs + this.lifetime.staleIfErrorMs;
  }

  /** Milliseconds until tokens are refused if no refresh succeeds; 0 without keys. */
  get timeToExpiryMs(): number {
    const { ageMs } = this;
    return ageMs === undefined ? 0 : Math.max(0, this.lifetimeMs - ageMs);
  }

  /** True while the keys may be used. */
  get isUsable(): boolean {
    return this.timeToExpiryMs > 0;
  }

  get state(): KeyRingState {
    const { ageMs } = this;
    if (ageMs === undefined) return 'EMPTY';
    if (!this.isUsable) return 'EXPIRED';
    return ageMs < this.maxAgeMs ? 'FRESH' : 'STALE';
  }

  private maxAgeOf(headers: IncomingHttpHeaders): number {
    const freshMs = parseFreshness(headers) ?? KEY_POLICY.maxAgeDefaultMs;
    const bounded = Math.min(KEY_POLICY.maxAgeCeilingMs, Math.max(KEY_POLICY.maxAgeFloorMs, freshMs));
    return this.lifetime.maxAgeMs ?? bounded;
  }
}
