import { randomBytes } from 'node:crypto';
import type { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import { KEY_POLICY } from '../keys/key-policy.js';
import type { StoreAccess } from '../keys/store/store-access.js';
import { RevocationIndex, type WriterRecord } from './revocation-index.js';
import { pageName, RevocationJournal } from './revocation-journal.js';
import { PAGE_SIZE, parsePage } from './revocation-page.js';
import type { ResolvedRevocationOptions } from './revocation.options.js';
import type { RequestedRevocation } from './revocation.js';
import type { Revocations, RevocationSharing } from './revocations.js';

/** So many processes' pages are read at once. */
const CONCURRENT_WRITERS = 20;

/**
 * Shares revocations through a store that can only read and write entries by name. Each process writes pages of its own,
 * and an index says who has written how much; each reads the index at an interval, and of the pages what is new there.
 */
export class SharedRevocations implements RevocationSharing {
  private readonly writer = randomBytes(9).toString('base64url');
  private readonly index: RevocationIndex;
  private readonly journal: RevocationJournal;
  /** How many revocations of this process stand in the index. */
  private published = 0;
  private publishing: Promise<boolean> | undefined;
  /** How many revocations of each other process were read. */
  private readonly seen = new Map<string, number>();
  private cancelPoll: (() => void) | undefined;

  constructor(
    private readonly access: StoreAccess,
    private readonly options: ResolvedRevocationOptions,
    private readonly sink: Pick<Revocations, 'accept' | 'raiseFloor'>,
    private readonly clock: Clock,
    private readonly closing: AbortController,
  ) {
    this.index = new RevocationIndex(access, options.keepMs);
    this.journal = new RevocationJournal(this.writer, access, options.keepMs);
  }

  async share(revocation: RequestedRevocation): Promise<boolean> {
    this.journal.append(revocation);
    const { count } = this.journal;
    while (this.published < count) if (!(await this.publish())) return false;
    return true;
  }

  /** Reads what was revoked before this process started, for as long as a start waits for keys; then at an interval. */
  async start(): Promise<void> {
    await withDeadline(this.clock, KEY_POLICY.bootstrapWaitMs, this.poll(), () => {}, true);
  }

  close(): void {
    this.closing.abort();
    this.cancelPoll?.();
  }

  private async poll(): Promise<void> {
    await this.access.attempt(() => this.readNew());
    if (this.published < this.journal.count) await this.publish();
    if (!this.access.isClosed)
      this.cancelPoll = this.clock.after(this.options.pollMs, () => void this.poll());
  }

  /** One at a time; whoever comes meanwhile waits for the one that is under way. */
  private publish(): Promise<boolean> {
    this.publishing ??= this.publishNow().finally(() => (this.publishing = undefined));
    return this.publishing;
  }

  private async publishNow(): Promise<boolean> {
    const isPublished = await this.access.attempt(async () => {
      await this.journal.flush(this.clock.wallNow());
      const { record } = this.journal;
      const isWritten = await this.index.write(this.writer, record, this.clock.wallNow());
      if (isWritten) this.published = record.count;
      return isWritten;
    });
    return isPublished === true;
  }

  private publishAgain(): void {
    this.journal.rewind();
    this.published = 0;
  }

  private async readNew(): Promise<void> {
    const records = await this.index.read(this.clock.wallNow());
    if (this.index.takeLoss()) this.publishAgain();
    for (const writer of this.seen.keys()) if (!records.has(writer)) this.seen.delete(writer);
    const waiting = [...records].filter(([writer]) => writer !== this.writer).values();
    const readNext = async (): Promise<void> => {
      for (const [writer, record] of waiting) await this.readFrom(writer, record);
    };
    await Promise.all(Array.from({ length: CONCURRENT_WRITERS }, readNext));
  }

  private async readFrom(writer: string, { first, count, droppedUntil }: WriterRecord): Promise<void> {
    const seen = this.seen.get(writer) ?? 0;
    if (seen >= count) return;
    if (seen < first * PAGE_SIZE && droppedUntil > 0) this.sink.raiseFloor(droppedUntil);
    for (let page = Math.max(first, Math.floor(seen / PAGE_SIZE)); page * PAGE_SIZE < count; page += 1) {
      const found = await this.access.read('revoked', pageName(writer, page), (body) =>
        parsePage(body, writer, page),
      );
      if (found === undefined) {
        // The last page may be late; an earlier one is lost, and must not hold up what comes after it.
        if ((page + 1) * PAGE_SIZE >= count) return;
        this.access.refuse('revoked', 'missing');
      }
      for (const revocation of found?.revoked ?? []) this.sink.accept(revocation);
      this.seen.set(writer, page * PAGE_SIZE + (found?.revoked.length ?? PAGE_SIZE));
    }
  }
}
