import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../common/clock.js';
import { isEmptyDiff, KeySet, type ImportedKeySet, type KeySetDiff } from '../jwk/key-set.js';
import type { VerificationKey } from '../jwk/verification-key.js';
import { FlappingKids } from './flapping-kids.js';
import { Freshness, type KeySetLifetime } from './freshness.js';
import type { JwksResponse } from './source/jwks-source.js';

/** What a token needs: the key with this id, for this algorithm. */
export interface WantedKey {
  /** Undefined when the token names none. */
  readonly kid: string | undefined;
  /** Undefined: any algorithm. */
  readonly algorithm: string | undefined;
}

/** A response that passed validation. */
export interface AcceptedKeySet {
  readonly response: JwksResponse;
  readonly imported: ImportedKeySet;
  /** When the request was sent, at the earliest; by the monotonic clock. */
  readonly requestedAt: number;
  /** The same by the wall clock of the process that sent it, in milliseconds since 1970. */
  readonly requestedWallAt: number;
  /** When the response arrived, by the monotonic clock. */
  readonly confirmedAt: number;
}

/** One issuer's keys in memory: an immutable snapshot, its age, and which keys are denied. Causes no request. */
export class CachedKeySet {
  /** The snapshot in use, without denied keys; empty before the first response. */
  keys = KeySet.EMPTY;
  /** Rises when the keys have changed. */
  generation = 0;
  /** What was accepted last. */
  accepted: AcceptedKeySet | undefined;
  readonly denied: Set<string>;
  readonly freshness: Freshness;
  private readonly flapping: FlappingKids;

  constructor(lifetime: KeySetLifetime, deniedKids: Iterable<string>, clock: Clock) {
    this.denied = new Set(deniedKids);
    this.freshness = new Freshness(lifetime, clock);
    this.flapping = new FlappingKids(clock);
  }

  /** Puts an accepted response into use: one swap, nothing is awaited. Returns what changed; undefined for nothing. */
  accept(accepted: AcceptedKeySet): KeySetDiff | undefined {
    this.accepted = accepted;
    this.freshness.confirm(accepted.response.headers, accepted.requestedAt, accepted.confirmedAt);
    return this.swap();
  }

  /** Takes keys out of use for the life of the process. Returns what changed; undefined for nothing. */
  deny(kids: Iterable<string>): KeySetDiff | undefined {
    const { size } = this.denied;
    for (const kid of kids) this.denied.add(kid);
    return this.denied.size > size ? this.swap() : undefined;
  }

  /** True while the keys may be used. */
  get isUsable(): boolean {
    return this.freshness.isUsable;
  }

  /** The keys that may be used for it: [] when the kid is known and none of its keys fits, undefined when it is not. */
  find({ kid, algorithm }: WantedKey): readonly VerificationKey[] | undefined {
    return this.isUsable ? this.keys.candidates(kid, algorithm) : undefined;
  }

  /** True while this key, by kid and material, is in use. */
  holds(key: VerificationKey): boolean {
    return this.isUsable && this.keys.holds(key);
  }

  /**
   * True when a response proves that the issuer has no such key: its request was sent after the token arrived (`since`), or
   * within the last `recentMs` milliseconds, and the issuer's servers agree about the key (a negative cache, as RFC 2308).
   */
  provesAbsent({ kid }: WantedKey, since: number, recentMs: number): boolean {
    const { requestedAt, sinceRequestMs } = this.freshness;
    return (requestedAt >= since || sinceRequestMs <= recentMs) && !this.isFlapping(kid);
  }

  /** True when the issuer's servers disagree about this key. */
  isFlapping(kid: string | undefined): boolean {
    return this.flapping.has(kid);
  }

  /** The issuer published an empty set. */
  get isWithdrawn(): boolean {
    return this.accepted?.imported.keySet.keys.length === 0;
  }

  /** True when a response of that age with these headers may be used. */
  wouldBeUsable(headers: IncomingHttpHeaders, ageMs: number): boolean {
    return this.freshness.wouldBeUsable(headers, ageMs);
  }

  private swap(): KeySetDiff | undefined {
    const published = this.accepted?.imported.keySet ?? KeySet.EMPTY;
    const next = published.without(this.denied);
    const diff = this.keys.diff(next);
    if (isEmptyDiff(diff)) return undefined;
    this.keys = next;
    this.generation += 1;
    this.flapping.record(diff);
    return diff;
  }
}
