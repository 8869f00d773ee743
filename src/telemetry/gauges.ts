import type { BatchObservableResult } from '@opentelemetry/api';
import type { Instruments } from './instruments.js';
import { ATTRIBUTES } from './names.js';

/** The state of one issuer's keys. */
export interface KeySetReading {
  /** The configured issuer. */
  readonly issuer: string;
  /** Milliseconds since the keys were last confirmed; undefined before the first time. */
  readonly ageMs: number | undefined;
  /** Milliseconds that the keys count as fresh. */
  readonly maxAgeMs: number;
  readonly keyCount: number;
  /** Milliseconds until tokens are refused if no refresh succeeds. */
  readonly timeToExpiryMs: number;
  /** True for keys that are refreshed rarely because they are not used: old ones are then normal. */
  readonly isIdle: boolean;
  /** What the last fetch failed with. */
  readonly lastError: Error | undefined;
}

/** Something that is read when metrics are collected. */
export interface Observed {
  /** The key sets that there are at this moment. */
  keySets(): readonly KeySetReading[];
  /** How many verified tokens are cached; undefined without a cache. */
  cachedTokens?(): number | undefined;
  /** How many revocations are kept. */
  revocations?(): number;
}

/** What all applications of this process have added. */
export class Gauges {
  private readonly observed = new Set<Observed>();

  /** Adds something to read, until the returned function is called. */
  add(observed: Observed): () => void {
    this.observed.add(observed);
    return () => void this.observed.delete(observed);
  }

  /** Reads everything, once. */
  report(result: BatchObservableResult, instruments: Instruments): void {
    for (const { issuer, ageMs, maxAgeMs, keyCount, timeToExpiryMs, isIdle, lastError } of this.keySets()) {
      const attributes = { [ATTRIBUTES.jwksIssuer]: issuer };
      const mayBeOld = isIdle && lastError === undefined;
      if (ageMs !== undefined && !mayBeOld) result.observe(instruments.keySetAge, ageMs / 1_000, attributes);
      result.observe(instruments.keySetMaxAge, maxAgeMs / 1_000, attributes);
      result.observe(instruments.keySetKeys, keyCount, attributes);
      result.observe(instruments.keySetTimeToExpiry, timeToExpiryMs / 1_000, attributes);
    }
    const cachedTokens = this.total((one) => one.cachedTokens?.());
    if (cachedTokens !== undefined) result.observe(instruments.tokenCacheEntries, cachedTokens);
    const revocations = this.total((one) => one.revocations?.());
    if (revocations !== undefined) result.observe(instruments.revocationEntries, revocations);
  }

  /** Of all applications; undefined where none has any such thing. */
  private total(count: (one: Observed) => number | undefined): number | undefined {
    const counts = [...this.observed].map(count).filter((one) => one !== undefined);
    return counts.length === 0 ? undefined : counts.reduce((sum, one) => sum + one, 0);
  }

  /** One reading per issuer: applications of one process that share an issuer share a series, and the worst counts. */
  private keySets(): Iterable<KeySetReading> {
    const readings = new Map<string, KeySetReading>();
    for (const reading of [...this.observed].flatMap((one) => one.keySets())) {
      const known = readings.get(reading.issuer);
      if (known === undefined || reading.timeToExpiryMs < known.timeToExpiryMs)
        readings.set(reading.issuer, reading);
    }
    return readings.values();
  }
}
