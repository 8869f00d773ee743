import { entryName } from '../keys/store/sealed-entry.js';
import type { StoreAccess } from '../keys/store/store-access.js';
import type { WriterRecord } from './revocation-index.js';
import { PAGE_SIZE, type RevocationPage } from './revocation-page.js';
import type { RequestedRevocation } from './revocation.js';

/** So many pages of one process are kept at most. */
const MAX_PAGES = 400;

/** The name of a page in the store. */
export const pageName = (writer: string, page: number): string => entryName('revoked', writer, String(page));

/**
 * What this process has revoked, in pages that no other process writes, so that none overwrites another. Pages whose
 * revocations have all expired are dropped.
 */
export class RevocationJournal {
  private readonly pages: RequestedRevocation[][] = [];
  /** The number of the first page that is kept. */
  private first = 0;
  private written = 0;
  private droppedUntil = 0;

  constructor(
    private readonly writer: string,
    private readonly access: StoreAccess,
    private readonly keepMs: number,
  ) {}

  /** How many revocations it has taken altogether. */
  get count(): number {
    const complete = this.first + this.pages.length - 1;
    return this.pages.length === 0
      ? this.first * PAGE_SIZE
      : complete * PAGE_SIZE + (this.pages.at(-1)?.length ?? 0);
  }

  /** How far it is in the store. */
  get record(): WriterRecord {
    const { first, written: count, droppedUntil } = this;
    return { first, count, lastAt: lastOf(this.pages.at(-1)), droppedUntil };
  }

  append(revocation: RequestedRevocation): void {
    const last = this.pages.at(-1);
    if (last !== undefined && last.length < PAGE_SIZE) {
      last.push(revocation);
      return;
    }
    this.pages.push([revocation]);
    if (this.pages.length > MAX_PAGES) this.droppedUntil = this.dropFirst();
  }

  /**
   * Writes what is not in the store yet.
   *
   * @param now milliseconds since 1970
   * @throws StoreError
   */
  async flush(now: number): Promise<void> {
    while (this.pages.length > 1 && lastOf(this.pages[0]) + this.keepMs < now) this.dropFirst();
    while (this.written < this.count) {
      const { writer } = this;
      const page = Math.max(this.first, Math.floor(this.written / PAGE_SIZE));
      const revoked = [...(this.pages[page - this.first] ?? [])];
      const body: RevocationPage = { writer, page, revoked };
      await this.access.write('revoked', pageName(writer, page), body, this.keepMs);
      this.written = page * PAGE_SIZE + revoked.length;
    }
  }

  /** The store has lost its entries: all of them are written again by the next flush. */
  rewind(): void {
    this.written = 0;
  }

  private dropFirst(): number {
    this.first += 1;
    return lastOf(this.pages.shift());
  }
}

const lastOf = (page: readonly RequestedRevocation[] | undefined): number => page?.at(-1)?.revokedAt ?? 0;
