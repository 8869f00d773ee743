import { errorType } from '../../telemetry/span.js';
import { StoreError, type BoundedStore } from './sealed-store.js';
import type { Clock } from '../../common/clock.js';
import { DeniedKids } from './shared-denials.js';
import type { ImportedKeySet } from '../../jwk/key-set.js';
import type { JwksAnswer } from '../source/http-source.js';
import type { KeyRingNews } from '../key-ring-events.js';
import { KEY_POLICY } from '../key-policy.js';
import { readKeySetEntry, writeKeySetEntry } from './key-set-entry.js';
import { StoreNews } from './store-events.js';
import {
  entryName,
  openEntry,
  sealEntry,
  StoreEntryError,
  type StoreEntryKind,
  type StoreSecrets,
} from './sealed-entry.js';

/** What sharing one issuer's keys through a store takes. */
export interface SharedKeysDeps {
  readonly issuer: string;
  /** Where it is configured: keys from elsewhere are then foreign. */
  readonly jwksUri: string | undefined;
  readonly store: BoundedStore;
  readonly secrets: StoreSecrets;
  readonly clock: Clock;
  readonly onNews: (news: KeyRingNews) => void;
}

type SharedKind = Exclude<StoreEntryKind, 'turn'>;

/** An answer that has passed the gate. */
export interface Accepted {
  readonly answer: JwksAnswer;
  /** What the gate made of it. */
  readonly imported: ImportedKeySet;
  /** When the issuer was asked, by the wall clock of the process that asked, in milliseconds since 1970. */
  readonly wallAt: number;
}

/** No store need keep keys for longer, whatever `staleForMs` says. */
const MAX_TTL_MS = 365 * 24 * 60 * 60 * 1_000;

/**
 * What the processes of a fleet share of one issuer, through a store: its last accepted answer, and the denied kids.
 * Nothing here throws: a store that is down is as if there were none, and an entry that must not be used is as if it
 * were not there. Either is told, once per change.
 */
export class SharedKeys {
  private readonly names: Readonly<Record<SharedKind, string>>;
  private readonly denied: DeniedKids;
  private readonly news: StoreNews;
  private isClosed = false;
  private lookedAt = -Infinity;

  constructor(private readonly deps: SharedKeysDeps) {
    const { issuer, jwksUri, onNews } = deps;
    this.names = { jwks: entryName('jwks', issuer, jwksUri), denied: entryName('denied', issuer) };
    this.denied = new DeniedKids(issuer);
    this.news = new StoreNews(onNews);
  }

  /** Kids that some process has denied, as far as they are known here. */
  get deniedKids(): ReadonlySet<string> {
    return this.denied.kids;
  }

  /** True when the store has not been looked at for a second: how often requests may cause that during a back-off. */
  get mayLook(): boolean {
    return !this.isClosed && this.deps.clock.now() - this.lookedAt >= KEY_POLICY.storeSpacingMs;
  }

  /** Learns which kids others have denied, and tells them of those they do not know. */
  async syncDenied(): Promise<void> {
    const stored = await this.use(() => this.readDenied());
    if (stored !== undefined && !this.denied.areIn(stored)) void this.publishDenied();
  }

  /**
   * What has been written since; undefined when there is nothing newer, or it must not be used.
   *
   * @param since the time of what is in memory, by the wall clock; undefined when there is nothing
   * @param accept the gate that answers of the issuer pass too
   */
  async read(
    since: number | undefined,
    accept: (answer: JwksAnswer) => ImportedKeySet,
  ): Promise<Accepted | undefined> {
    this.lookedAt = this.deps.clock.now();
    return this.use(() =>
      this.readEntry('jwks', (body) => {
        const { answer, wallAt } = readKeySetEntry(body, this.deps, this.deps.clock.wallNow());
        if (since !== undefined && wallAt <= since) return passOver(since - wallAt);
        return { answer, wallAt, imported: pass(accept, answer) };
      }),
    );
  }

  /** Shares an accepted answer. The store may drop it when nobody would rely on it any more. */
  async write(answer: JwksAnswer, wallAt: number, lifetimeMs: number): Promise<void> {
    const { issuer } = this.deps;
    if (answer.keys.length === 0) return;
    const body = writeKeySetEntry({ issuer, answer, wallAt });
    await this.use(() => this.seal('jwks', body, Math.min(Math.ceil(lifetimeMs), MAX_TTL_MS)));
  }

  /** Denies a kid in every process; resolves to whether the store has it, for the others to see. */
  async deny(kid: string): Promise<boolean> {
    this.denied.add([kid]);
    if (!this.denied.shared.includes(kid)) this.news.entryRefused('denied', 'too_large');
    return (await this.publishDenied()) && this.denied.shared.includes(kid);
  }

  /** From now on the store is not touched. */
  close(): void {
    this.isClosed = true;
  }

  /**
   * Read, merge, write, and read again: of two processes that write at once, the one whose kids were overwritten sees
   * it and writes once more. What still got lost is repaired by the next process that reads.
   */
  private async publishDenied(): Promise<boolean> {
    const isPublished = await this.use(async () => {
      for (let round = 0; round < KEY_POLICY.denyRounds; round += 1) {
        if (this.denied.areIn(await this.readDenied())) return true;
        await this.seal('denied', this.denied.toBody());
      }
      return false;
    });
    return isPublished === true;
  }

  /** The kids in the store, taken in; none when the entry must not be used, and so may be overwritten. */
  private async readDenied(): Promise<readonly string[]> {
    const kids = (await this.readEntry('denied', (body) => this.denied.read(body))) ?? [];
    this.denied.add(kids);
    return kids;
  }

  /** Undefined when there is no such entry, or it must not be used. */
  private async readEntry<T>(
    kind: SharedKind,
    read: (body: Record<string, unknown>) => T,
  ): Promise<T | undefined> {
    try {
      const body = await this.open(kind);
      const result = body === undefined ? undefined : read(body);
      this.news.entryUsed(kind);
      return result;
    } catch (error) {
      if (!(error instanceof StoreEntryError)) throw error;
      this.news.entryRefused(kind, error.reason);
      return undefined;
    }
  }

  private async open(kind: SharedKind): Promise<Record<string, unknown> | undefined> {
    this.throwIfClosed();
    const entry = await this.deps.store.read(this.names[kind]);
    this.throwIfClosed();
    return entry === undefined || entry === null ? undefined : openEntry(kind, entry, this.deps.secrets);
  }

  private async seal(kind: SharedKind, body: object, ttlMs?: number): Promise<void> {
    this.throwIfClosed();
    await this.deps.store.write(this.names[kind], sealEntry(kind, body, this.deps.secrets), ttlMs);
  }

  private throwIfClosed(): void {
    if (this.isClosed) throw new StoreError('closed');
  }

  /** Undefined when the store cannot be used. */
  private async use<T>(operate: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await operate();
      this.news.storeUsed();
      return result;
    } catch (error) {
      if (!this.isClosed) this.news.storeFailed(error instanceof StoreError ? error.kind : errorType(error));
      return undefined;
    }
  }
}

/** Within the tolerance an older entry is no news, but somebody else's clock that is a little late. */
function passOver(olderByMs: number): undefined {
  if (olderByMs > KEY_POLICY.clockSkewMs) throw new StoreEntryError('outdated');
}

/** What the gate refuses from the issuer, it refuses from the store. */
function pass(accept: (answer: JwksAnswer) => ImportedKeySet, answer: JwksAnswer): ImportedKeySet {
  try {
    return accept(answer);
  } catch {
    throw new StoreEntryError('unusable');
  }
}
