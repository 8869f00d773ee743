import { errorType } from '../../telemetry/span.js';
import type { Clock } from '../../common/clock.js';
import { KEY_POLICY } from '../key-policy.js';
import type { KeyStore } from './key-store.js';

/** A store that failed or did not answer in time. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  /** @param kind `timeout`, or what kind of error the store had; never a message, which may hold an address. */
  constructor(readonly kind: string) {
    super(`the key store failed: ${kind}`);
  }
}

/**
 * A Keyv that cannot hold anybody up, and cannot fail without a word. Keyv and its adapters swallow errors here and
 * emit them there: an operation that came to nothing while an error was emitted has failed.
 */
export class BoundedStore {
  private failures = 0;
  private lastFailure: unknown;
  private readonly onError = (error: unknown): void => {
    this.failures += 1;
    this.lastFailure = error;
  };

  constructor(
    private readonly store: KeyStore,
    private readonly clock: Clock,
  ) {
    store.on('error', this.onError);
  }

  /**
   * What stands under a key; undefined when there is nothing.
   *
   * @throws StoreError
   */
  async read(key: string): Promise<unknown> {
    const { failures } = this;
    const found = await this.bounded(() => this.store.getRaw(key));
    if (found === undefined) this.throwIfFailedSince(failures);
    return found?.value;
  }

  /**
   * Writes an entry that the store may drop after `ttlMs`; never, when it is undefined.
   *
   * @throws StoreError
   */
  async write(key: string, entry: string, ttlMs?: number): Promise<void> {
    const { failures } = this;
    const isWritten = await this.bounded(() => this.store.set(key, entry, ttlMs));
    this.throwIfFailedSince(failures);
    if (!isWritten) throw new StoreError('not_written');
  }

  /** Takes its listener away. The store itself belongs to who made it. */
  close(): void {
    this.store.off('error', this.onError);
  }

  private async bounded<T>(operate: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const cancel = this.clock.after(KEY_POLICY.storeTimeoutMs, () => late.reject(new StoreError('timeout')));
    const operation = (async () => operate())();
    try {
      return await Promise.race([operation, late.promise]);
    } catch (error) {
      throw error instanceof StoreError ? error : new StoreError(errorType(error));
    } finally {
      cancel();
    }
  }

  private throwIfFailedSince(failures: number): void {
    if (this.failures !== failures) throw new StoreError(errorType(this.lastFailure));
  }
}
