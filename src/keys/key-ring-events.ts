import type { JwksFetchError } from '../http/jwks-fetch.error.js';
import type { KeySetDiff, UnusableKey } from '../jwk/key-set.js';
import type { UnusableKeyReason } from '../jwk/unusable-key.error.js';
import type { FetchSource } from '../telemetry/names.js';
import type { KeyRingState } from './freshness.js';
import type { StoreEntryKind, StoreEntryRefusal } from './store/sealed-entry.js';

/** What happens to a key ring, for logs. Nothing in it comes from a token. */
export type KeyRingEvent =
  | {
      /** Keys are available that were not before: at start, or after an outage. */
      readonly type: 'keys_loaded';
      readonly keyCount: number;
      readonly algorithms: readonly string[];
      readonly jwksUri: string;
      readonly source: FetchSource;
      /** How long ago the issuer served them, in milliseconds; more than 0 only from the store. */
      readonly ageMs: number;
      readonly tookMs: number;
    }
  | { readonly type: 'keys_changed'; readonly diff: KeySetDiff }
  | { readonly type: 'keys_withdrawn' }
  | {
      readonly type: 'keys_unusable';
      readonly reasons: readonly UnusableKeyReason[];
      readonly keys: readonly UnusableKey[];
    }
  | {
      readonly type: 'fetch_failed';
      readonly error: JwksFetchError;
      readonly state: KeyRingState;
      /** Infinity when the next attempt waits for a token: that of a dynamic issuer without keys. */
      readonly retryInMs: number;
    }
  | { readonly type: 'clock_skew'; readonly skewMs: number }
  | {
      /** The store failed, or did not respond in time. */
      readonly type: 'store_unavailable';
      /** `timeout`, or the kind of error. */
      readonly reason: string;
    }
  | { readonly type: 'store_available' }
  | {
      readonly type: 'store_entry_refused';
      readonly entry: StoreEntryKind;
      readonly reason: StoreEntryRefusal;
    }
  | {
      /** More key ids are denied than the store may hold; the others are denied in this process only. */
      readonly type: 'denials_not_shared';
      readonly max: number;
    };

/** Receives the events of every ring of an application. What it throws is ignored. */
export type OnKeyRingEvent = (event: KeyRingEvent, issuer: string) => void;

/** Emits an event of one ring: its issuer is bound, and it does not throw. */
export type EmitKeyRingEvent = (event: KeyRingEvent) => void;

/** Binds the issuer. A listener that fails, such as a logger, must not stop the refreshes. */
export const emitterFor =
  (issuer: string, onEvent: OnKeyRingEvent): EmitKeyRingEvent =>
  (event) => {
    try {
      onEvent(event, issuer);
    } catch {
      // Nothing is left to report it to.
    }
  };
