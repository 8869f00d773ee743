import type { Clock } from '../common/clock.js';
import type { KeySetDiff } from '../jwk/key-set.js';
import { KEY_POLICY } from './key-policy.js';

/**
 * Keys that the issuer withdrew and published again, as during a rollout that has not reached all of its servers. While
 * that lasts, a response without such a key does not prove that the key does not exist.
 */
export class FlappingKids {
  /** Created when needed, since most issuers withdraw no two keys in a day. */
  private withdrawnAt: Map<string, number> | undefined;
  private flappingUntil = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** The key set has changed. */
  record({ added, removed }: KeySetDiff): void {
    const now = this.clock.now();
    if (added.some((kid) => this.isRecent(kid))) this.flappingUntil = now + KEY_POLICY.flappingMs;
    if (removed.length === 0) return;
    const withdrawnAt = (this.withdrawnAt ??= new Map<string, number>());
    for (const kid of removed) withdrawnAt.delete(kid);
    for (const kid of removed) withdrawnAt.set(kid, now);
    for (const [kid] of withdrawnAt) {
      if (withdrawnAt.size <= KEY_POLICY.maxWithdrawnKids && this.isRecent(kid)) break;
      withdrawnAt.delete(kid);
    }
  }

  /** True when the issuer's servers disagree about this key. */
  has(kid: string | undefined): boolean {
    return kid !== undefined && this.clock.now() < this.flappingUntil && this.isRecent(kid);
  }

  private isRecent(kid: string): boolean {
    const at = this.withdrawnAt?.get(kid);
    return at !== undefined && this.clock.now() - at < KEY_POLICY.flappingMs;
  }
}
