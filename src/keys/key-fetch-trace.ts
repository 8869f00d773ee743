import { recordFetch } from '../telemetry/metrics.js';
import {
  ATTRIBUTES,
  SPANS,
  type FetchOutcome,
  type FetchSource,
  type FetchTrigger,
} from '../telemetry/names.js';
import { activePlace, withSpan, type ActiveSpan, type SpanPlace } from '../telemetry/span.js';
import type { Clock } from '../common/clock.js';
import type { JwksFetchError } from '../http/jwks-fetch.error.js';

/** What a question led to that did not fail. */
export interface KeyFetchReport {
  /** Who was asked last. */
  readonly source: FetchSource;
  /** Status of the issuer's answer. */
  readonly status?: number;
  /** `rejected` when the store had nothing and the issuer must not be asked. */
  readonly outcome: FetchOutcome;
  /** How many usable keys an accepted answer held. */
  readonly keyCount?: number;
}

/** Who asks for keys, and why. */
export interface KeyFetchContext {
  readonly issuer: string;
  readonly trigger: FetchTrigger;
  readonly clock: Clock;
  /** Told the place of the span as soon as there is one, for those who wait to link to. */
  readonly onPlace: (place: SpanPlace | undefined) => void;
}

/**
 * Runs one question for keys inside the span `jwks.fetch`; how long it took is recorded if it went to the issuer. A
 * refresh in the background is a trace of its own, linked to what triggered it.
 *
 * @throws JwksFetchError as `run` does
 */
export async function traceKeyFetch(
  { issuer, trigger, clock, onPlace }: KeyFetchContext,
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
      if (source === 'issuer') recordFetch(clock.now() - startedAt, { issuer, trigger, outcome, status });
      return report;
    } catch (error) {
      const { code, status } = error as JwksFetchError;
      describe(span, 'issuer', 'rejected', status);
      recordFetch(clock.now() - startedAt, { issuer, trigger, outcome: 'rejected', status, errorType: code });
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
