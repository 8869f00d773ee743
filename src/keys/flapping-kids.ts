import type { Clock } from '../common/clock.js';
import { KEY_POLICY } from './key-policy.js';
import { MAX_KEYS, type KeySetDiff } from '../jwk/key-set.js';

/**
 * Key ids that the issuer took back lately. When it brings one of them again, its servers are of two minds (a
 * rotation that has not reached all of them): then an answer without such a key does not prove that there is none.
 */
export class WithdrawnKids {
  /** Made when it is needed, since most issuers never withdraw two keys in a day. */
  private withdrawnAt: Map<string, number> | undefined;
  private inTwoMindsUntil = -Infinity;

  constructor(private readonly clock: Clock) {}

  learn({ added, removed }: KeySetDiff): void {
    const now = this.clock.now();
    if (added.some((kid) => this.isRecent(kid))) this.inTwoMindsUntil = now + KEY_POLICY.twoMindsMs;
    if (removed.length === 0) return;
    const withdrawnAt = (this.withdrawnAt ??= new Map<string, number>());
    for (const kid of removed) withdrawnAt.delete(kid);
    for (const kid of removed) withdrawnAt.set(kid, now);
    for (const [kid] of withdrawnAt) {
      if (withdrawnAt.size <= MAX_KEYS && this.isRecent(kid)) break;
      withdrawnAt.delete(kid);
    }
  }

  /** True when nobody can say whether the issuer still has this key. */
  isDoubtful(kid: string | undefined): boolean {
    return kid !== undefined && this.clock.now() < this.inTwoMindsUntil && this.isRecent(kid);
  }

  private isRecent(kid: string): boolean {
    const at = this.withdrawnAt?.get(kid);
    return at !== undefined && this.clock.now() - at < KEY_POLICY.twoMindsMs;
  }
}
