import type { FetchSource } from '../telemetry/names.js';
import type { JwksFetchError } from '../http/jwks-fetch.error.js';
import type { KeySetDiff } from '../jwk/key-set.js';
import type { StoreEntryKind, StoreEntryRefusal } from './store/sealed-entry.js';
import type { UnusableKeyReason } from '../jwk/unusable-key.error.js';

/** How long ago the keys were last confirmed, and so how far they can be relied on. */
export type KeyRingState = 'EMPTY' | 'FRESH' | 'STALE' | 'EXPIRED';

/** What happens to a key ring, for whoever logs or counts. Nothing in it comes from a token. */
export type KeyRingEvent = { readonly issuer: string } & (
  | {
      /** Keys are there that were not there before: at start, or after an outage. */
      readonly type: 'keys_loaded';
      readonly keyCount: number;
      readonly algorithms: readonly string[];
      readonly jwksUri: string;
      readonly source: FetchSource;
      /** How long ago the issuer gave them; more than 0 only from the store. */
      readonly ageMs: number;
      readonly tookMs: number;
    }
  | { readonly type: 'keys_changed'; readonly diff: KeySetDiff }
  | { readonly type: 'keys_withdrawn' }
  | { readonly type: 'keys_unusable'; readonly reasons: readonly UnusableKeyReason[] }
  | {
      readonly type: 'fetch_failed';
      readonly error: JwksFetchError;
      readonly state: KeyRingState;
      readonly retryInMs: number;
    }
  | { readonly type: 'clock_skew'; readonly skewMs: number }
  | {
      /** The store that processes share keys through failed, or did not answer in time. */
      readonly type: 'store_unavailable';
      /** `timeout`, or what kind of error it was. */
      readonly reason: string;
    }
  | { readonly type: 'store_available' }
  | {
      readonly type: 'store_entry_refused';
      readonly entry: StoreEntryKind;
      readonly reason: StoreEntryRefusal;
    }
);

/** Told of each event as it happens; what it throws is swallowed. */
export type OnKeyRingEvent = (event: KeyRingEvent) => void;

type WithoutIssuer<T> = T extends unknown ? Omit<T, 'issuer'> : never;

/** A {@link KeyRingEvent} before the ring has put its issuer on it. */
export type KeyRingNews = WithoutIssuer<KeyRingEvent>;
