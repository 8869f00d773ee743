import { StoreEntryError } from './sealed-entry.js';

/** Denied kids of one issuer, as processes share them: a set that only grows, so that any two can be merged. */
export class DeniedKids {
  /** So many are shared at most; further ones hold for the process that denied them. */
  static readonly MAX = 1_000;

  readonly kids = new Set<string>();

  constructor(private readonly issuer: string) {}

  /** Takes kids in, from here or from another process. */
  add(kids: Iterable<string>): void {
    for (const kid of kids) this.kids.add(kid);
  }

  /** Those that are shared. Sorted, so that processes that know the same kids share the same ones. */
  get shared(): readonly string[] {
    return [...this.kids].toSorted().slice(0, DeniedKids.MAX);
  }

  /** True when all that we share are among these. */
  areIn(kids: readonly string[]): boolean {
    const others = new Set(kids);
    return this.shared.every((kid) => others.has(kid));
  }

  /** As JSON for an entry. */
  toBody(): object {
    return { issuer: this.issuer, kids: this.shared };
  }

  /**
   * The kids of an entry's body.
   *
   * @throws StoreEntryError `malformed`, `foreign`, `too_large`
   */
  read({ issuer, kids }: Record<string, unknown>): readonly string[] {
    if (issuer !== this.issuer) throw new StoreEntryError('foreign');
    if (!Array.isArray(kids) || !kids.every((kid) => typeof kid === 'string'))
      throw new StoreEntryError('malformed');
    if (kids.length > DeniedKids.MAX) throw new StoreEntryError('too_large');
    return kids;
  }
}
