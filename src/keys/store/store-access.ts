import { errorType } from '../../telemetry/span.js';
import type { EmitKeyRingEvent, KeyRingEvent } from '../key-ring-events.js';
import { StoreEntryError, type StoreEntryKind, type StoreEntryRefusal } from './sealed-entry.js';
import { StoreError, type SealedStore } from './sealed-store.js';

/**
 * One key ring's access to the store, until its signal aborts. What is wrong with the store or an entry becomes an
 * event: once per change, not once per operation.
 */
export class StoreAccess {
  private failure: string | undefined;
  private readonly refusals = new Map<StoreEntryKind, StoreEntryRefusal>();

  constructor(
    private readonly store: SealedStore,
    private readonly emit: EmitKeyRingEvent,
    private readonly signal: AbortSignal,
  ) {}

  /** True once the ring is closed. */
  get isClosed(): boolean {
    return this.signal.aborted;
  }

  /**
   * An entry as `parse` reads it; undefined when there is none, or when it must not be used.
   *
   * @param parse throws StoreEntryError for an entry that must not be used
   * @throws StoreError
   */
  async read<T>(
    kind: StoreEntryKind,
    name: string,
    parse: (body: Record<string, unknown>) => T,
  ): Promise<T | undefined> {
    this.throwIfClosed();
    try {
      const body = await this.store.read(kind, name);
      this.throwIfClosed();
      const result = body && parse(body);
      this.refusals.delete(kind);
      return result;
    } catch (error) {
      if (!(error instanceof StoreEntryError)) throw error;
      this.refuse(kind, error.reason);
      return undefined;
    }
  }

  /** @throws StoreError */
  async write(kind: StoreEntryKind, name: string, body: object, ttlMs?: number): Promise<void> {
    this.throwIfClosed();
    await this.store.write(kind, name, body, ttlMs);
  }

  /** Emits an event of this ring. */
  report(event: KeyRingEvent): void {
    this.emit(event);
  }

  /** Reports an entry that cannot be used, once for a change of the reason. */
  refuse(entry: StoreEntryKind, reason: StoreEntryRefusal): void {
    if (this.refusals.get(entry) !== reason) this.emit({ type: 'store_entry_refused', entry, reason });
    this.refusals.set(entry, reason);
  }

  /** Runs an operation; undefined, and an event, when the store cannot be used. */
  async attempt<T>(operate: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await operate();
      if (this.failure !== undefined) this.emit({ type: 'store_available' });
      this.failure = undefined;
      return result;
    } catch (error) {
      if (this.isClosed) return undefined;
      const reason = error instanceof StoreError ? error.kind : errorType(error);
      if (this.failure === undefined) this.emit({ type: 'store_unavailable', reason });
      this.failure = reason;
      return undefined;
    }
  }

  private throwIfClosed(): void {
    if (this.isClosed) throw new StoreError('closed');
  }
}
