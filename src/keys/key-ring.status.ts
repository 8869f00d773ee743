import type { KeyRingState } from './key-ring.events.js';

/** What an operator sees of a key ring. */
export interface KeyRingStatus {
  readonly issuer: string;
  readonly state: KeyRingState;
  /** Milliseconds since the keys were last confirmed; undefined before the first time. */
  readonly ageMs: number | undefined;
  /** Milliseconds until tokens are refused if the issuer stays away. */
  readonly timeToExpiryMs: number;
  /** Key ids in memory. */
  readonly kids: readonly string[];
  /** What the last question to the issuer failed with; undefined after an accepted answer. */
  readonly lastError: Error | undefined;
  /** Milliseconds until the issuer is asked again. */
  readonly nextRefreshInMs: number;
}
