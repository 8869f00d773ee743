import type { Clock } from './clock.js';
import type { JwksAnswer } from './jwks.source.js';
import type { FetchSource, KeyRingNews } from './key-ring.events.js';
import { KEY_POLICY } from './key-policy.js';
import { KeySetAge, type KeySetLifetime } from './key-set.age.js';
import { KeySetOddities } from './key-set.oddities.js';
import { isEmptyDiff, KeySet, type ImportedKeySet } from './key-set.js';

export interface HeldKeysDeps {
  readonly clock: Clock;
  readonly onNews: (news: KeyRingNews) => void;
  readonly lifetime: KeySetLifetime;
  readonly deniedKids: readonly string[];
}

/** An answer that has passed the gate, and what the gate made of it. */
export interface Accepted {
  readonly answer: JwksAnswer;
  readonly imported: ImportedKeySet;
}

/** How an accepted answer came. */
export interface Arrival {
  readonly source: FetchSource;
  /** When the issuer gave it, by the wall clock of the process that asked, in milliseconds since 1970. */
  readonly wallAt: number;
  /** When we began to ask, by the monotonic clock. */
  readonly startedAt: number;
}

/** The keys in memory: one immutable snapshot less the denied kids, where it came from, and how old it is. */
export class HeldKeys {
  /** The snapshot; empty before the first accepted answer. */
  keySet = new KeySet([]);
  /** Rises when the keys have changed. */
  generation = 0;
  readonly age: KeySetAge;
  private readonly loading = Promise.withResolvers<void>();
  /** Resolved by the first accepted answer. */
  readonly loaded: Promise<void> = this.loading.promise;
  /** The last accepted answer. */
  answer: JwksAnswer | undefined;
  /** When the issuer gave it, by the wall clock of the process that asked; undefined before the first. */
  wallAt: number | undefined;

  private readonly denied: Set<string>;
  private readonly oddities: KeySetOddities;
  private imported = new KeySet([]);

  constructor(private readonly deps: HeldKeysDeps) {
    this.age = new KeySetAge(deps.lifetime, deps.clock);
    this.denied = new Set(deps.deniedKids);
    this.oddities = new KeySetOddities(deps.clock, deps.onNews);
  }

  /** Takes an accepted answer: one atomic swap, one new age. */
  accept({ answer, imported }: Accepted, arrival: Arrival): 'replaced' | 'confirmed' {
    const wasUsable = this.age.isUsable;
    const { generation } = this;
    this.answer = answer;
    this.wallAt = arrival.wallAt;
    if (arrival.source === 'issuer') this.age.confirm(answer.headers);
    else this.age.confirm(answer.headers, this.ageOf(arrival.wallAt), KEY_POLICY.clockSkewMs);
    this.swap(imported.keySet);
    this.loading.resolve();
    if (!wasUsable) this.tellLoaded(answer, arrival);
    if (arrival.source === 'issuer') this.oddities.report(answer, imported);
    return this.generation === generation ? 'confirmed' : 'replaced';
  }

  /** How long ago that was, in milliseconds, as far as clocks agree. */
  ageOf(wallAt: number): number {
    return Math.max(0, this.deps.clock.wallNow() - wallAt);
  }

  isDenied(kid: string | undefined): boolean {
    return kid !== undefined && this.denied.has(kid);
  }

  /** Takes keys out, now and from every later answer. */
  deny(kids: Iterable<string>): void {
    const before = this.denied.size;
    for (const kid of kids) this.denied.add(kid);
    if (this.denied.size > before) this.swap(this.imported);
  }

  private swap(imported: KeySet): void {
    const next = imported.without(this.denied);
    const diff = this.keySet.diff(next);
    this.imported = imported;
    if (isEmptyDiff(diff)) return;
    const isFirst = this.generation === 0;
    this.keySet = next;
    this.generation += 1;
    if (!isFirst) this.deps.onNews({ type: 'keys_changed', diff });
    if (next.keys.length === 0) this.deps.onNews({ type: 'keys_withdrawn' });
  }

  private tellLoaded({ jwksUri }: JwksAnswer, { source, startedAt }: Arrival): void {
    const { keys, algorithms } = this.keySet;
    const tookMs = this.deps.clock.now() - startedAt;
    this.deps.onNews({
      type: 'keys_loaded',
      keyCount: keys.length,
      algorithms,
      jwksUri,
      source,
      ageMs: this.age.ageMs ?? 0,
      tookMs,
    });
  }
}
