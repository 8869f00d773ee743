import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from './clock.js';
import { parseFreshness } from './http-headers.js';
import { KEY_POLICY } from './key-policy.js';
import type { KeyRingState } from './key-ring.events.js';

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
  /** When that was asked. What the issuer answered it may have known then already, but nothing later. */
  askedAt: number | undefined;
  maxAgeMs: number = KEY_POLICY.maxAgeDefaultMs;

  constructor(
    private readonly lifetime: KeySetLifetime,
    private readonly clock: Clock,
  ) {}

  /** An answer with these headers, to a question of then, was accepted. They move `maxAge` inside our bounds; they never decide trust. */
  confirm(headers: IncomingHttpHeaders, askedAt: number): void {
    const freshMs = parseFreshness(headers) ?? KEY_POLICY.maxAgeDefaultMs;
    const bounded = Math.min(KEY_POLICY.maxAgeCeilingMs, Math.max(KEY_POLICY.maxAgeFloorMs, freshMs));
    this.maxAgeMs = this.lifetime.maxAgeMs ?? bounded;
    this.confirmedAt = this.clock.now();
    this.askedAt = askedAt;
  }

  /** Milliseconds since the keys were last confirmed; undefined before the first time. */
  get ageMs(): number | undefined {
    return this.confirmedAt === undefined ? undefined : this.clock.now() - this.confirmedAt;
  }

  /** Milliseconds until tokens are refused if the issuer stays away; 0 without keys. */
  get timeToExpiryMs(): number {
    const { ageMs } = this;
    return ageMs === undefined ? 0 : Math.max(0, this.maxAgeMs + this.lifetime.staleForMs - ageMs);
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
}
