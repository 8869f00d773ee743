import type { Clock } from '../../common/clock.js';
import { withDeadline } from '../../common/deadline.js';
import { errorType } from '../../telemetry/span.js';
import { KEY_POLICY } from '../key-policy.js';
import type { KeyStore } from './key-store.js';
import { openEntry, sealEntry, type StoreEntryKind, type StoreSecrets } from './sealed-entry.js';

/** A store that failed or did not respond in time. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  /** @param kind `timeout`, or the kind of error; never a message, which may hold an address */
  constructor(readonly kind: string) {
    super(`the key store failed: ${kind}`);
  }
}

/**
 * Reads and writes signed entries. Wraps Keyv with a time limit, and throws errors that Keyv and its adapters only emit:
 * an operation without a result during which an error was emitted has failed.
 */
export class SealedStore {
  private failures = 0;
  private lastFailure: unknown;
  private readonly onError = (error: unknown): void => {
    this.failures += 1;
    this.lastFailure = error;
  };

  constructor(
    private readonly store: KeyStore,
    private readonly secrets: StoreSecrets,
    private readonly clock: Clock,
  ) {
    store.on('error', this.onError);
  }

  /**
   * The body of an entry; undefined when there is none.
   *
   * @throws StoreError
   * @throws StoreEntryError when the entry is not of this kind, or its signature does not hold
   */
  async read(kind: StoreEntryKind, name: string): Promise<Record<string, unknown> | undefined> {
    const { failures } = this;
    const found = await this.inTime(() => this.store.getRaw(name));
    if (found === undefined) this.throwIfFailedSince(failures);
    const entry = found?.value;
    return entry === undefined || entry === null ? undefined : openEntry(kind, entry, this.secrets);
  }

  /**
   * Writes an entry, which the store may drop after `ttlMs` milliseconds; never, when it is undefined.
   *
   * @throws StoreError
   */
  async write(kind: StoreEntryKind, name: string, body: object, ttlMs?: number): Promise<void> {
    const { failures } = this;
    const entry = sealEntry(kind, body, this.secrets);
    // Redis takes whole milliseconds alone.
    const wholeTtlMs = ttlMs === undefined ? undefined : Math.ceil(ttlMs);
    const isWritten = await this.inTime(() => this.store.set(name, entry, wholeTtlMs));
    this.throwIfFailedSince(failures);
    if (!isWritten) throw new StoreError('not_written');
  }

  /** Removes its listener. The store itself belongs to the application. */
  close(): void {
    this.store.off('error', this.onError);
  }

  private async inTime<T>(operate: () => Promise<T>): Promise<T> {
    const operation = (async () => operate())();
    try {
      return await withDeadline(this.clock, KEY_POLICY.storeTimeoutMs, operation, () => {
        throw new StoreError('timeout');
      });
    } catch (error) {
      throw error instanceof StoreError ? error : new StoreError(errorType(error));
    }
  }

  private throwIfFailedSince(failures: number): void {
    if (this.failures !== failures) throw new StoreError(errorType(this.lastFailure));
  }
}
