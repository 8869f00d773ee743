import type { KeyRingNews } from '../key-ring-events.js';
import type { StoreEntryKind, StoreEntryRefusal } from './sealed-entry.js';

/** Tells what is wrong with the store and its entries: once per change, not once per operation. */
export class StoreNews {
  private failure: string | undefined;
  private readonly refusals = new Map<StoreEntryKind, StoreEntryRefusal>();

  constructor(private readonly onNews: (news: KeyRingNews) => void) {}

  storeFailed(reason: string): void {
    if (this.failure === undefined) this.tell({ type: 'store_unavailable', reason });
    this.failure = reason;
  }

  storeUsed(): void {
    if (this.failure !== undefined) this.tell({ type: 'store_available' });
    this.failure = undefined;
  }

  entryRefused(entry: StoreEntryKind, reason: StoreEntryRefusal): void {
    if (this.refusals.get(entry) !== reason) this.tell({ type: 'store_entry_refused', entry, reason });
    this.refusals.set(entry, reason);
  }

  entryUsed(entry: StoreEntryKind): void {
    this.refusals.delete(entry);
  }

  private tell(news: KeyRingNews): void {
    try {
      this.onNews(news);
    } catch {
      // A listener that fails, such as a logger, must not fail the store.
    }
  }
}
