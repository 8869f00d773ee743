import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../common/clock.js';
import { parseFreshness } from '../http/cache-headers.js';
import { KEY_POLICY } from './key-policy.js';
import type { KeyRingState } from './key-ring-events.js';

/** How long keys are relied on, in milliseconds. */
export interface KeySetLifetime {
  /** Undefined: what the issuer's headers say, within bounds. */
  readonly maxAgeMs: number | undefined;
  readonly staleForMs: number;
}

/** How old a key set is, and so how far it can be relied on. Counted by the monotonic clock. */
export class KeySetAge {
  /** When an answer was last accepted; undefined before the first. */
  confirmedAt: number | undefined;
  /**
   * When that was asked, at the earliest. What the issuer answered it may have known then already, but nothing later.
   */
  askedAt: number | undefined;
  maxAgeMs: number = KEY_POLICY.maxAgeDefaultMs;

  constructor(
    private readonly lifetime: KeySetLifetime,
    private readonly clock: Clock,
  ) {}

  /**
   * An answer with these headers, to a question of then, was accepted. They move `maxAge` inside our bounds; they never
   * decide trust.
   */
  confirm(headers: IncomingHttpHeaders, askedAt: number): void {
    this.maxAgeMs = this.maxAgeOf(headers);
    this.confirmedAt = this.clock.now();
    this.askedAt = askedAt;
  }

  /** An answer to a question that another process asked so long ago, give or take what clocks may differ by. */
  adopt(headers: IncomingHttpHeaders, ageMs: number): void {
    this.maxAgeMs = this.maxAgeOf(headers);
    this.confirmedAt = this.clock.now() - ageMs;
    this.askedAt = this.confirmedAt - KEY_POLICY.clockSkewMs;
  }

  /** True when keys of that age, which came with these headers, may be relied on. */
  wouldBeUsable(headers: IncomingHttpHeaders, ageMs: number): boolean {
    return ageMs < this.maxAgeOf(headers) + this.lifetime.staleForMs;
  }

  /** Milliseconds since the keys were last confirmed; undefined before the first time. */
  get ageMs(): number | undefined {
    return this.confirmedAt === undefined ? undefined : this.clock.now() - this.confirmedAt;
  }

  /** How long keys are relied on, from when they were confirmed, in milliseconds. */
  get lifetimeMs(): number {
    return this.maxAgeMs + this.lifetime.staleForMs;
  }

  /** Milliseconds until tokens are refused if the issuer stays away; 0 without keys. */
  get timeToExpiryMs(): number {
    const { ageMs } = this;
    return ageMs === undefined ? 0 : Math.max(0, this.lifetimeMs - ageMs);
  }

  /** True while the keys may be relied on. */
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
