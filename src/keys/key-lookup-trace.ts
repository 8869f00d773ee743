import { AuthError } from '../common/auth.error.js';
import { countKeyLookup, isMeasured } from '../telemetry/metrics.js';
import { ATTRIBUTES, SPANS, type CacheResult } from '../telemetry/names.js';
import { isRecorded, withSpan, type SpanPlace } from '../telemetry/span.js';

/** What the trace learns of a look-up on its way. */
export interface KeyLookup {
  /** How the key was found, or why it was not; what was set last counts. */
  result: CacheResult;
  /** Points at a fetch that somebody else has started and that this look-up waits for. */
  waitsFor(place: SpanPlace | undefined): void;
}

/** Runs the look-up of a key inside the span `jwks.get_key`, and counts it; alone when neither would be seen. */
export function traceKeyLookup<T>(
  issuer: string,
  ageMs: number | undefined,
  run: (lookup: KeyLookup) => T | Promise<T>,
): T | Promise<T> {
  const lookup: KeyLookup = { result: 'refused', waitsFor() {} };
  if (!isRecorded() && !isMeasured()) return run(lookup);
  const attributes = () => ({
    [ATTRIBUTES.jwksIssuer]: issuer,
    ...(ageMs !== undefined && { [ATTRIBUTES.cacheAge]: Math.round(ageMs) / 1_000 }),
  });
  const isFailure = (error: unknown) => hasIssuerFailed(error, lookup.result);
  return withSpan(SPANS.getKey, { attributes, isFailure }, async (span) => {
    lookup.waitsFor = (place) => span.link(place);
    try {
      return await run(lookup);
    } finally {
      span.set({ [ATTRIBUTES.cacheResult]: lookup.result });
      countKeyLookup(issuer, lookup.result);
    }
  });
}

/** Not a failure of the issuer: a true refusal, or a limit of ours that let nobody ask it. */
function hasIssuerFailed(error: unknown, result: CacheResult): boolean {
  if (error instanceof AuthError && error.isRefusal) return false;
  return result !== 'refused' || (error as Error).cause !== undefined;
}
