import type { Clock } from '../common/clock.js';
import { KEY_POLICY } from './key-policy.js';

/**
 * A ring that nobody has used for an hour is parked: it asks its issuer rarely, just often enough that the next request
 * finds keys that may be relied on. Only rings of dynamic issuers are; those of a list never are.
 */
export class Parking {
  /** True while the next question waits longer than an ordinary one. */
  isParked = false;
  private usedAt: number;

  constructor(
    private readonly clock: Clock,
    private readonly staleForMs: number,
    private readonly mayPark: boolean,
  ) {
    this.usedAt = clock.now();
  }

  /** A request uses the ring; true when that ends its parking. */
  use(): boolean {
    if (!this.mayPark) return false;
    const wasParked = this.isParked;
    this.isParked = false;
    this.usedAt = this.clock.now();
    return wasParked;
  }

  /** After a question: how long the next one is to wait at least, in milliseconds. */
  delayMs(accepted: boolean): number {
    this.isParked = this.mayPark && this.clock.now() - this.usedAt >= KEY_POLICY.parkAfterMs;
    if (!this.isParked) return 0;
    return this.staleForMs / (accepted ? KEY_POLICY.parkedRefreshes : KEY_POLICY.parkedRetries);
  }
}
