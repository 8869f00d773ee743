import { KEY_POLICY } from '../keys/key-policy.js';
import { entryName, StoreEntryError } from '../keys/store/sealed-entry.js';
import type { StoreAccess } from '../keys/store/store-access.js';

/** How far one process has come in writing what it revoked. All of it only grows. */
export interface WriterRecord {
  /** The first page that is still kept. */
  readonly first: number;
  /** How many revocations it has written altogether. */
  readonly count: number;
  /** When the latest of them was revoked; milliseconds since 1970. */
  readonly lastAt: number;
  /** What was revoked until then and is no longer kept, though it may not have expired; 0 for nothing. */
  readonly droppedUntil: number;
}

type Index = ReadonlyMap<string, WriterRecord>;

/** Whoever can write the store must not fill the memory. */
const MAX_WRITERS = 10_000;
const NAME = entryName('revokers');

/**
 * Which processes of a fleet have revoked something, and how much: one small entry of the store, which all of them read.
 * Records only grow, so that any two versions of the entry can be merged.
 */
export class RevocationIndex {
  private readonly known = new Map<string, WriterRecord>();
  private wasFound = false;
  private isLost = false;

  /** @param keepMs how long a record is kept after its process has last revoked something */
  constructor(
    private readonly access: StoreAccess,
    private readonly keepMs: number,
  ) {}

  /**
   * Reads the records of all processes, and restores those that are missing in the store.
   *
   * @param now milliseconds since 1970
   * @throws StoreError
   */
  async read(now: number): Promise<Index> {
    if (!(await this.isComplete(now))) await this.publish(now);
    return this.known;
  }

  /**
   * Writes the record of this process; returns whether it stands in the store.
   *
   * @throws StoreError
   */
  async write(writer: string, record: WriterRecord, now: number): Promise<boolean> {
    this.known.set(writer, record);
    return this.publish(now);
  }

  /** True once after the store has lost the entry, and so perhaps others. */
  takeLoss(): boolean {
    const { isLost } = this;
    this.isLost = false;
    return isLost;
  }

  /**
   * Reads, merges, writes, and reads again: when two processes write at once, the one whose record was overwritten sees it
   * and writes again. What is lost all the same, the next process that reads restores.
   */
  private async publish(now: number): Promise<boolean> {
    for (let round = 0; round < KEY_POLICY.denyRounds; round += 1) {
      if (await this.isComplete(now)) return true;
      await this.access.write('revokers', NAME, { writers: Object.fromEntries(this.known) });
    }
    return false;
  }

  /** Merges what is in the store into what is known; true when nothing that is known is missing there. */
  private async isComplete(now: number): Promise<boolean> {
    // An entry that must not be used counts as none, and so may be overwritten.
    const found = await this.access.read('revokers', NAME, parseIndex);
    if (found === undefined && this.wasFound) this.isLost = true;
    this.wasFound = found !== undefined;
    const stored = found ?? new Map<string, WriterRecord>();
    for (const [writer, record] of stored) {
      if (this.known.size >= MAX_WRITERS && !this.known.has(writer)) continue;
      if (!isAtLeast(this.known.get(writer), record)) this.known.set(writer, record);
    }
    for (const [writer, { lastAt }] of this.known) if (lastAt + this.keepMs < now) this.known.delete(writer);
    return [...this.known].every(([writer, record]) => isAtLeast(stored.get(writer), record));
  }
}

const isAtLeast = (one: WriterRecord | undefined, other: WriterRecord): boolean =>
  one !== undefined && one.count >= other.count && one.first >= other.first;

/** @throws StoreEntryError `malformed`, `too_large` */
function parseIndex({ writers }: Record<string, unknown>): Index {
  if (typeof writers !== 'object' || writers === null) throw new StoreEntryError('malformed');
  const records = Object.entries(writers as Record<string, unknown>);
  if (records.length > MAX_WRITERS) throw new StoreEntryError('too_large');
  if (!records.every((record): record is [string, WriterRecord] => isRecord(record[1])))
    throw new StoreEntryError('malformed');
  return new Map(records);
}

function isRecord(value: unknown): value is WriterRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { first, count, lastAt, droppedUntil } = value as Record<string, unknown>;
  return [first, count, lastAt, droppedUntil].every((one) => Number.isFinite(one) && (one as number) >= 0);
}
