import type { Clock } from '../common/clock.js';
import type { KeyRingNews } from './key-ring-events.js';
import { isEmptyDiff, KeySet } from '../jwk/key-set.js';
import { WithdrawnKids } from './flapping-kids.js';

/** The keys in force: one immutable snapshot of what the issuer publishes, less what was denied. */
export class HeldKeys {
  /** Empty before the first accepted answer. */
  keySet = KeySet.EMPTY;
  /** Rises when the keys have changed. */
  generation = 0;
  /** Key ids that were taken out for the life of the process. */
  readonly denied: Set<string>;
  /** Key ids that the issuer took back lately. */
  readonly withdrawn: WithdrawnKids;
  private published = KeySet.EMPTY;

  constructor(
    deniedKids: Iterable<string>,
    clock: Clock,
    private readonly onNews: (news: KeyRingNews) => void,
  ) {
    this.denied = new Set(deniedKids);
    this.withdrawn = new WithdrawnKids(clock);
  }

  isDenied(kid: string | undefined): boolean {
    return kid !== undefined && this.denied.has(kid);
  }

  deny(kids: Iterable<string>): void {
    const { size } = this.denied;
    for (const kid of kids) this.denied.add(kid);
    if (this.denied.size > size) this.replace(this.published);
  }

  /** One atomic swap; the news, if it makes a difference. */
  replace(published: KeySet): void {
    const next = published.without(this.denied);
    const diff = this.keySet.diff(next);
    this.published = published;
    if (isEmptyDiff(diff)) return;
    const isFirst = this.generation === 0;
    this.keySet = next;
    this.generation += 1;
    this.withdrawn.learn(diff);
    if (!isFirst) this.onNews({ type: 'keys_changed', diff });
    if (published.keys.length === 0) this.onNews({ type: 'keys_withdrawn' });
  }
}
