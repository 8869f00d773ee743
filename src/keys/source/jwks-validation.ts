import type { Clock } from '../../common/clock.js';
import { clockSkewOf } from '../../http/cache-headers.js';
import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import { importKeySet, KeySet, type ImportedKeySet } from '../../jwk/key-set.js';
import { KEY_POLICY } from '../key-policy.js';
import type { EmitKeyRingEvent } from '../key-ring-events.js';
import type { JwksResponse } from './jwks-source.js';

/**
 * Which responses may replace the keys in memory: those with at least one usable key. An empty set is an error until the
 * issuer has served it three times, a minute apart; then the issuer has withdrawn everything.
 */
export class JwksValidation {
  private emptyResponses = 0;
  private emptyAt = 0;
  /** The keys that were reported last as left out. */
  private reported = labelOf({ unusable: [] });
  private isSkewed = false;

  constructor(
    private readonly algorithms: readonly string[],
    private readonly maxKeys: number,
    private readonly clock: Clock,
    private readonly emit: EmitKeyRingEvent,
  ) {}

  /** @throws JwksFetchError when the response must not replace the keys */
  validateJwks({ keys, status }: JwksResponse): ImportedKeySet {
    if (keys.length > this.maxKeys) {
      const message = `answered with more than ${this.maxKeys} keys (keys.maxKeys)`;
      throw new JwksFetchError('too_large', { message, status });
    }
    if (keys.length === 0) return this.acceptEmpty(status);
    this.emptyResponses = 0;
    const imported = importKeySet(keys, this.algorithms);
    if (imported.keySet.keys.length > 0) return imported;
    this.reportUnusable(imported);
    const message = `answered with no usable key (${reasonsOf(imported).join(', ')})`;
    throw new JwksFetchError('no_usable_key', { message, status });
  }

  /** A 304 confirms the set in memory. One with keys ends a row of empty sets, as a 200 with keys does. */
  confirmJwks(accepted: ImportedKeySet): ImportedKeySet {
    if (accepted.keySet.keys.length > 0) this.emptyResponses = 0;
    return accepted;
  }

  /** Reports keys that were left out, and a clock that differs: once per change, not once per response. */
  reportAnomalies({ headers }: JwksResponse, imported: ImportedKeySet): void {
    this.reportUnusable(imported);
    const skewMs = clockSkewOf(headers, this.clock.wallNow()) ?? 0;
    const isSkewed = Math.abs(skewMs) > KEY_POLICY.clockSkewMs;
    if (isSkewed && !this.isSkewed) this.emit({ type: 'clock_skew', skewMs });
    this.isSkewed = isSkewed;
  }

  private reportUnusable(imported: ImportedKeySet): void {
    const label = labelOf(imported);
    if (imported.unusable.length > 0 && label !== this.reported)
      this.emit({ type: 'keys_unusable', reasons: reasonsOf(imported), keys: imported.unusable });
    this.reported = label;
  }

  private acceptEmpty(status: number): ImportedKeySet {
    const now = this.clock.now();
    if (this.emptyResponses === 0 || now - this.emptyAt >= KEY_POLICY.emptySetSpacingMs) {
      this.emptyResponses += 1;
      this.emptyAt = now;
    }
    if (this.emptyResponses < KEY_POLICY.emptySetResponses) {
      throw new JwksFetchError('no_usable_key', { message: 'answered with an empty key set', status });
    }
    return { keySet: KeySet.EMPTY, unusable: [] };
  }
}

/** Which keys were left out and why, in any order; those without a kid by their reason alone. */
const labelOf = ({ unusable }: Pick<ImportedKeySet, 'unusable'>): string =>
  JSON.stringify([...new Set(unusable.map(({ kid, reason }) => JSON.stringify([kid, reason])))].toSorted());

const reasonsOf = ({ unusable }: ImportedKeySet) =>
  [...new Set(unusable.map(({ reason }) => reason))].toSorted();
