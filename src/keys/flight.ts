import type { SpanPlace } from '../telemetry/span.js';
import type { FetchTrigger } from './key-ring.events.js';

/** One question for keys, to the store and to the issuer, shared by all who wait for its answer. */
export interface Flight {
  readonly trigger: FetchTrigger;
  readonly startedAt: number;
  /** True when what the store had makes it needless to ask the issuer. */
  readonly isEnough: (found: 'due' | 'fresh') => boolean;
  hasAskedIssuer: boolean;
  /** Resolves when it is over, whatever came of it; never rejects. */
  readonly done: Promise<{ readonly accepted: boolean; readonly changed: boolean }>;
  /** The span of the fetch, for those who wait to link to. */
  place: SpanPlace | undefined;
}
