import type { Clock } from '../common/clock.js';
import type { JwksAnswer } from './source/http-source.js';
import { JwksFetchError } from '../http/jwks-fetch.error.js';
import { KEY_POLICY } from './key-policy.js';
import { importKeySet, KeySet, MAX_KEYS, type ImportedKeySet } from '../jwk/key-set.js';

/**
 * Decides which answers may replace the keys in memory: those with at least one usable key. An empty set is taken for
 * a fault until it has persisted; then the issuer has withdrawn everything.
 */
export class KeySetGate {
  private emptyAnswers = 0;
  private emptyAt = 0;

  constructor(
    private readonly algorithms: readonly string[],
    private readonly clock: Clock,
  ) {}

  /** @throws JwksFetchError when the answer must not replace the keys */
  accept({ keys, status }: JwksAnswer): ImportedKeySet {
    if (keys.length > MAX_KEYS) {
      throw new JwksFetchError('too_large', { message: `answered more than ${MAX_KEYS} keys`, status });
    }
    if (keys.length === 0) return this.acceptEmpty(status);
    this.emptyAnswers = 0;
    const imported = importKeySet(keys, this.algorithms);
    if (imported.keySet.keys.length > 0) return imported;
    const reasons = [...new Set(imported.unusable.map(({ reason }) => reason))].join(', ');
    throw new JwksFetchError('no_usable_key', { message: `answered no usable key (${reasons})`, status });
  }

  private acceptEmpty(status: number): ImportedKeySet {
    const now = this.clock.now();
    if (this.emptyAnswers === 0 || now - this.emptyAt >= KEY_POLICY.emptySetSpacingMs) {
      this.emptyAnswers += 1;
      this.emptyAt = now;
    }
    if (this.emptyAnswers < KEY_POLICY.emptySetAnswers) {
      throw new JwksFetchError('no_usable_key', { message: 'answered an empty key set', status });
    }
    return { keySet: KeySet.EMPTY, unusable: [] };
  }
}
