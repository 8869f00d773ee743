import type { JwksFetchError } from '../http/jwks-fetch.error.js';
import { KEY_POLICY } from './key-policy.js';

/**
 * How long to leave the issuer alone after a failure. Doubles from failure to failure, with equal jitter: half of the
 * delay is certain, half is drawn, so that a fleet does not come back in step. It never gives up.
 */
export class BackOff {
  private failures = 0;
  private throttles = 0;

  constructor(private readonly random: () => number) {}

  /** The delay after one more failure, in milliseconds. */
  next(error: JwksFetchError, hasKeys: boolean): number {
    const { isThrottled, retryAfterMs } = error;
    // Counted apart: after an outage, the first 429 is no reason to stay away for ten minutes.
    const before = isThrottled ? this.throttles++ : this.failures++;
    if (isThrottled && retryAfterMs !== undefined) {
      const [floor, ceiling] = KEY_POLICY.retryAfterBoundsMs;
      return Math.min(ceiling, Math.max(floor, retryAfterMs));
    }
    const [first, ceiling] = isThrottled
      ? KEY_POLICY.throttledBackOffMs
      : hasKeys
        ? KEY_POLICY.backOffWithKeysMs
        : KEY_POLICY.backOffWithoutKeysMs;
    // 2 ** 20 keeps the product finite in an outage of any length.
    const delay = Math.min(ceiling, first * 2 ** Math.min(before, 20));
    return delay / 2 + (this.random() * delay) / 2;
  }

  /** Goes on from the failures of other processes, when they are more. */
  catchUp(failures: number): void {
    this.failures = Math.max(this.failures, failures);
  }

  reset(): void {
    this.failures = 0;
    this.throttles = 0;
  }
}
