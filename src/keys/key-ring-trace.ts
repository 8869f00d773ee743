import { AuthError } from '../common/auth.error.js';
import type { Clock } from '../common/clock.js';
import type { JwksFetchError } from '../http/jwks-fetch.error.js';
import { countKeyLookup, isMeasured, recordFetch } from '../telemetry/metrics.js';
import {
  ATTRIBUTES,
  SPANS,
  type CacheResult,
  type FetchOutcome,
  type FetchSource,
  type FetchTrigger,
} from '../telemetry/names.js';
import { activePlace, isRecorded, withSpan, type ActiveSpan, type SpanPlace } from '../telemetry/span.js';
import { JwksRateLimitError } from './client/jwks-client.js';

/** What a look-up reports about itself on the way. */
export interface KeyLookup {
  /** How the key was found, or why it was not; what was set last counts. */
  result: CacheResult;
  /** Links to the fetch of another trace that this look-up waits for. */
  waitsFor(place: SpanPlace | undefined): void;
}

/** Runs the look-up of a key inside the span `jwks.get_key`, and counts it; without both where neither is recorded. */
export function traceKeyLookup<T>(
  issuer: string,
  series: string,
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
      countKeyLookup(series, lookup.result);
    }
  });
}

/** False for a true refusal, and where a limit of the policy allowed no fetch. */
function hasIssuerFailed(error: unknown, result: CacheResult): boolean {
  if (error instanceof AuthError && error.isRefusal) return false;
  const { cause } = error as Error;
  return result !== 'refused' || (cause !== undefined && !(cause instanceof JwksRateLimitError));
}

/** What a refresh led to that did not fail. */
export interface KeyFetchReport {
  /** Where it went last. */
  readonly source: FetchSource;
  /** Status of the issuer's response. */
  readonly status?: number;
  /** `rejected` when the store had nothing new and nothing was fetched from the issuer. */
  readonly outcome: FetchOutcome;
  /** How many usable keys an accepted response held. */
  readonly keyCount?: number;
}

/** Whose keys are refreshed, and why. */
interface KeyFetchContext {
  readonly issuer: string;
  /** The issuer on metrics. */
  readonly series: string;
  readonly trigger: FetchTrigger;
  readonly clock: Clock;
  /** Receives the place of the span as soon as there is one, for those who wait to link to. */
  readonly onPlace: (place: SpanPlace | undefined) => void;
}

/**
 * Runs a refresh inside the span `jwks.fetch`, and records how long it took if it went to the issuer. A refresh in the
 * background is a trace of its own, linked to what triggered it.
 *
 * @throws JwksFetchError as `run` does
 */
export async function traceKeyFetch(
  { issuer, series, trigger, clock, onPlace }: KeyFetchContext,
  run: () => Promise<KeyFetchReport>,
): Promise<KeyFetchReport> {
  const attributes = () => ({ [ATTRIBUTES.jwksIssuer]: issuer, [ATTRIBUTES.fetchTrigger]: trigger });
  const root = trigger === 'refresh';
  const links = root ? [activePlace()].filter((place) => place !== undefined) : [];
  const startedAt = clock.now();
  return withSpan(SPANS.fetch, { attributes, root, links }, async (span) => {
    onPlace(span.place);
    try {
      const report = await run();
      const { source, status, outcome, keyCount } = report;
      describe(span, source, outcome, status);
      if (keyCount !== undefined) span.set({ [ATTRIBUTES.keyCount]: keyCount });
      if (source === 'issuer')
        recordFetch(clock.now() - startedAt, { issuer: series, trigger, outcome, status });
      return report;
    } catch (error) {
      const { code, status } = error as JwksFetchError;
      describe(span, 'issuer', 'rejected', status);
      recordFetch(clock.now() - startedAt, {
        issuer: series,
        trigger,
        outcome: 'rejected',
        status,
        errorType: code,
      });
      throw error;
    }
  });
}

function describe(
  span: ActiveSpan,
  source: FetchSource,
  outcome: FetchOutcome,
  status: number | undefined,
): void {
  span.set({ [ATTRIBUTES.fetchSource]: source, [ATTRIBUTES.fetchOutcome]: outcome });
  if (status !== undefined) span.set({ [ATTRIBUTES.httpStatus]: status });
}
