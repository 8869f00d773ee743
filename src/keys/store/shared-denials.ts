import { KEY_POLICY } from '../key-policy.js';
import { entryName, StoreEntryError } from './sealed-entry.js';
import type { StoreAccess } from './store-access.js';

/** So many denied kids are shared at most; further ones hold in the process that denied them. */
const MAX_SHARED = 1_000;
/** An entry of any size must not fill the memory. */
const MAX_KNOWN = 2 * MAX_SHARED;

/**
 * The denied kids of an issuer, as the processes of a fleet share them through a store: a set that only grows, so that
 * any two can be merged. A store that fails counts as empty.
 */
export class SharedDenials {
  private readonly name: string;
  private readonly denied = new Set<string>();
  private areTooMany = false;

  constructor(
    private readonly issuer: string,
    private readonly access: StoreAccess,
  ) {
    this.name = entryName('denied', issuer);
  }

  /** Kids that were denied here, or that were read from the store. */
  get kids(): ReadonlySet<string> {
    return this.denied;
  }

  /** Reads which kids others have denied, and publishes those that are missing there. */
  async sync(): Promise<void> {
    const stored = await this.access.attempt(() => this.read());
    if (stored !== undefined && !this.areIn(stored)) void this.publish();
  }

  /** Denies a kid in every process; resolves to whether the store has it, where the others read it. */
  async deny(kid: string): Promise<boolean> {
    this.denied.add(kid);
    if (!this.shared.includes(kid)) this.reportTooMany();
    return (await this.publish()) && this.shared.includes(kid);
  }

  /**
   * Reads, merges, writes, and reads again: when two processes write at once, the one whose kids were overwritten reads
   * that and writes again. What is lost all the same, the next process that reads restores.
   */
  private async publish(): Promise<boolean> {
    const isPublished = await this.access.attempt(async () => {
      for (let round = 0; round < KEY_POLICY.denyRounds; round += 1) {
        if (this.areIn(await this.read())) return true;
        await this.access.write('denied', this.name, { issuer: this.issuer, kids: this.shared });
      }
      return false;
    });
    return isPublished === true;
  }

  /** The kids in the store, merged into ours; none when the entry must not be used, and so may be overwritten. */
  private async read(): Promise<readonly string[]> {
    const kids = (await this.access.read('denied', this.name, (body) => this.parse(body))) ?? [];
    for (const kid of kids) if (this.denied.size < MAX_KNOWN) this.denied.add(kid);
    return kids;
  }

  /** Those that are shared. Sorted, so that processes with the same kids share the same ones. */
  private get shared(): readonly string[] {
    return [...this.denied].toSorted().slice(0, MAX_SHARED);
  }

  private reportTooMany(): void {
    if (!this.areTooMany) this.access.report({ type: 'denials_not_shared', max: MAX_SHARED });
    this.areTooMany = true;
  }

  private areIn(kids: readonly string[]): boolean {
    const others = new Set(kids);
    return this.shared.every((kid) => others.has(kid));
  }

  /** @throws StoreEntryError `malformed`, `foreign`, `too_large` */
  private parse({ issuer, kids }: Record<string, unknown>): readonly string[] {
    if (issuer !== this.issuer) throw new StoreEntryError('foreign');
    if (!Array.isArray(kids) || !kids.every((kid) => typeof kid === 'string'))
      throw new StoreEntryError('malformed');
    if (kids.length > MAX_SHARED) throw new StoreEntryError('too_large');
    return kids;
  }
}
