import { KEY_POLICY } from '../key-policy.js';
import type { SharedKeysDeps } from './shared-key-set.js';
import { StoreNews } from './store-events.js';
import { entryName, openEntry, sealEntry, StoreEntryError } from './sealed-entry.js';

/** Until when one process asks, or has been refused, and how many in a row have been. */
interface Note {
  readonly untilWallAt: number;
  readonly failures: number;
}

const NOBODY: Note = { untilWallAt: 0, failures: 0 };

/**
 * Whose turn it is, in a fleet that shares a store, to ask the issuer for newer keys than everybody holds: one process
 * asks for all, and its failure keeps all away. It is a courtesy and no lock: two that look in the same moment both
 * ask, and without the store everybody does. Nothing here throws.
 */
export class SharedTurn {
  /** Failures in a row, in all processes, as far as they are known here. */
  failures = 0;
  private readonly name: string;
  private readonly news: StoreNews;
  private isMine = false;
  private isClosed = false;

  constructor(private readonly deps: SharedKeysDeps) {
    this.name = entryName('turn', deps.issuer, deps.jwksUri);
    this.news = new StoreNews(deps.onNews);
  }

  /** Takes the turn for as long as a question lasts; resolves to 0, or to the milliseconds that it is another's. */
  async take(): Promise<number> {
    const { untilWallAt, failures } = await this.read();
    const waitMs = untilWallAt - this.deps.clock.wallNow();
    this.failures = failures;
    this.isMine = waitMs <= 0;
    if (!this.isMine) return waitMs;
    await this.hold(KEY_POLICY.turnMs);
    return 0;
  }

  /**
   * The issuer did not answer, and is to be left alone for so long. Who asked without having the turn, for want of
   * keys, tells nobody: the others can wait for longer.
   */
  async failed(suspendedForMs: number): Promise<void> {
    if (!this.isMine) return;
    this.failures += 1;
    await this.hold(suspendedForMs);
  }

  /** The issuer answered. */
  async succeeded(): Promise<void> {
    const hadFailed = this.failures > 0;
    this.failures = 0;
    if (hadFailed) await this.hold(0);
  }

  /** From now on the store is not touched. */
  close(): void {
    this.isClosed = true;
  }

  private async read(): Promise<Note> {
    if (this.isClosed) return NOBODY;
    try {
      const entry = await this.deps.store.read(this.name);
      if (entry === undefined || entry === null) return NOBODY;
      const note = this.asNote(openEntry('turn', entry, this.deps.secrets));
      this.news.entryUsed('turn');
      return note;
    } catch (error) {
      if (error instanceof StoreEntryError) this.news.entryRefused('turn', error.reason);
      return NOBODY;
    }
  }

  /** No turn is longer than the longest back-off; one that seems to be comes from a clock that is ahead. */
  private asNote({ issuer, untilWallAt, failures }: Record<string, unknown>): Note {
    if (issuer !== this.deps.issuer) throw new StoreEntryError('foreign');
    if (!Number.isFinite(untilWallAt) || !Number.isSafeInteger(failures))
      throw new StoreEntryError('malformed');
    const [, longest] = KEY_POLICY.retryAfterBoundsMs;
    if (Number(untilWallAt) > this.deps.clock.wallNow() + longest + KEY_POLICY.clockSkewMs)
      throw new StoreEntryError('future');
    return { untilWallAt: Number(untilWallAt), failures: Math.max(0, Number(failures)) };
  }

  private async hold(forMs: number): Promise<void> {
    if (this.isClosed) return;
    const { clock, issuer, secrets, store } = this.deps;
    const body = { issuer, untilWallAt: clock.wallNow() + forMs, failures: this.failures };
    try {
      await store.write(this.name, sealEntry('turn', body, secrets));
    } catch {
      // Whoever reads and writes keys tells of a store that is down.
    }
  }
}
