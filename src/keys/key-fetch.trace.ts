import { recordFetch } from '../telemetry/metrics.js';
import { ATTRIBUTES, SPANS, type FetchOutcome, type FetchTrigger } from '../telemetry/names.js';
import { activePlace, withSpan, type ActiveSpan, type SpanPlace } from '../telemetry/span.js';
import type { Clock } from './clock.js';
import type { JwksFetchError } from './jwks-fetch.error.js';

/** What an accepted answer led to. */
export interface KeyFetchReport {
  /** Status of the answer. */
  readonly status: number;
  readonly outcome: FetchOutcome;
  /** How many usable keys it held. */
  readonly keyCount: number;
}

export interface KeyFetchContext {
  readonly issuer: string;
  readonly trigger: FetchTrigger;
  readonly clock: Clock;
  /** Told the place of the span as soon as there is one, for those who wait to link to. */
  readonly onPlace: (place: SpanPlace | undefined) => void;
}

/**
 * Runs one question to the issuer inside the span `jwks.fetch`, and records how long it took. A refresh in the
 * background is a trace of its own, linked to what triggered it.
 *
 * @throws JwksFetchError as `run` does
 */
export async function traceKeyFetch(
  { issuer, trigger, clock, onPlace }: KeyFetchContext,
  run: () => Promise<KeyFetchReport>,
): Promise<void> {
  const attributes = () => ({ [ATTRIBUTES.jwksIssuer]: issuer, [ATTRIBUTES.fetchTrigger]: trigger });
  const root = trigger === 'refresh';
  const links = root ? [activePlace()].filter((place) => place !== undefined) : [];
  const startedAt = clock.now();
  await withSpan(SPANS.fetch, { attributes, root, links }, async (span) => {
    onPlace(span.place);
    try {
      const { status, outcome, keyCount } = await run();
      describe(span, outcome, status);
      span.set({ [ATTRIBUTES.keyCount]: keyCount });
      recordFetch(clock.now() - startedAt, { issuer, trigger, outcome, status });
    } catch (error) {
      const { code, status } = error as JwksFetchError;
      describe(span, 'rejected', status);
      recordFetch(clock.now() - startedAt, { issuer, trigger, outcome: 'rejected', status, errorType: code });
      throw error;
    }
  });
}

function describe(span: ActiveSpan, outcome: FetchOutcome, status: number | undefined): void {
  span.set({ [ATTRIBUTES.fetchOutcome]: outcome });
  if (status !== undefined) span.set({ [ATTRIBUTES.httpStatus]: status });
}
