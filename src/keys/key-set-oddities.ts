import type { Clock } from '../common/clock.js';
import { clockSkewOf } from '../http/cache-headers.js';
import type { JwksAnswer } from './source/http-source.js';
import type { KeyRingNews } from './key-ring-events.js';
import { KEY_POLICY } from './key-policy.js';
import type { ImportedKeySet } from '../jwk/key-set.js';

/** Tells of what is odd in accepted answers: once per change, not once per answer. */
export class KeySetOddities {
  private unusable = '';
  private skewed = false;

  constructor(
    private readonly clock: Clock,
    private readonly onNews: (news: KeyRingNews) => void,
  ) {}

  report({ headers }: JwksAnswer, { unusable }: ImportedKeySet): void {
    const reasons = [...new Set(unusable.map(({ reason }) => reason))].toSorted();
    if (reasons.length > 0 && reasons.join() !== this.unusable)
      this.onNews({ type: 'keys_unusable', reasons });
    this.unusable = reasons.join();

    const skewMs = clockSkewOf(headers, this.clock.wallNow()) ?? 0;
    const skewed = Math.abs(skewMs) > KEY_POLICY.clockSkewMs;
    if (skewed && !this.skewed) this.onNews({ type: 'clock_skew', skewMs });
    this.skewed = skewed;
  }
}
