import type { Clock } from '../../common/clock.js';
import { KEY_POLICY } from '../key-policy.js';
import { entryName, StoreEntryError } from './sealed-entry.js';
import type { SharedIssuer } from './shared-key-set.js';
import type { StoreAccess } from './store-access.js';

/** Until when one process fetches, or backs off, and how many fetches in a row have failed. */
interface LeaseRecord {
  readonly untilWallAt: number;
  readonly failures: number;
}

/** For so long after its end a lease stays in the store, since its failures count in the next attempt. */
const [, LONGEST_BACK_OFF_MS] = KEY_POLICY.retryAfterBoundsMs;

const FREE: LeaseRecord = { untilWallAt: 0, failures: 0 };

/**
 * Which process of a fleet refreshes the keys for all: a best-effort lease in the store, whose holder's back-off holds for
 * the others too. Two processes may both acquire it in the same moment, and without the store every process does. Nothing
 * here throws.
 */
export class RefreshLease {
  /** Failed fetches in a row, in all processes, as of the last read. */
  failures = 0;
  private readonly name: string;
  /** True while a fetch is in flight for which this process has acquired the lease. */
  private isHeld = false;
  /** Until when the lease lasts that this process wrote last, by the wall clock. */
  private writtenUntil: number | undefined;

  constructor(
    private readonly issuer: SharedIssuer,
    private readonly access: StoreAccess,
    private readonly clock: Clock,
  ) {
    this.name = entryName('turn', issuer.issuer, issuer.jwksUri);
  }

  /** Acquires the lease for one fetch; resolves to 0, or to the milliseconds for which another process holds it. */
  async acquire(): Promise<number> {
    const { untilWallAt, failures } = await this.read();
    // Its own lease holds a process back no longer than its own back-off.
    const waitMs = untilWallAt === this.writtenUntil ? 0 : untilWallAt - this.clock.wallNow();
    this.failures = failures;
    this.isHeld = waitMs <= 0;
    if (!this.isHeld) return waitMs;
    await this.write(KEY_POLICY.leaseMs);
    return 0;
  }

  /**
   * A fetch failed: extends the lease by the back-off. One that did not acquire it, for want of keys or for an unknown
   * kid, leaves it as it is: the others have keys and can wait longer.
   */
  async failed(cooldownMs: number): Promise<void> {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.failures += 1;
    await this.write(cooldownMs);
  }

  /** A fetch succeeded: ends the back-off of all processes. Without one the lease ends by itself, which saves a write. */
  async succeeded(): Promise<void> {
    this.isHeld = false;
    const hadFailed = this.failures > 0;
    this.failures = 0;
    if (hadFailed) await this.write(0);
  }

  private async read(): Promise<LeaseRecord> {
    try {
      return (await this.access.read('turn', this.name, (body) => this.parse(body))) ?? FREE;
    } catch {
      // Reading and writing keys reports a store that is down.
      return FREE;
    }
  }

  /** No lease is longer than the longest back-off; a longer one comes from a clock that is ahead. */
  private parse({ issuer, untilWallAt, failures }: Record<string, unknown>): LeaseRecord {
    if (issuer !== this.issuer.issuer) throw new StoreEntryError('foreign');
    if (!Number.isFinite(untilWallAt) || !Number.isSafeInteger(failures))
      throw new StoreEntryError('malformed');
    if (Number(untilWallAt) > this.clock.wallNow() + LONGEST_BACK_OFF_MS + KEY_POLICY.clockSkewMs)
      throw new StoreEntryError('future');
    return { untilWallAt: Number(untilWallAt), failures: Math.max(0, Number(failures)) };
  }

  private async write(forMs: number): Promise<void> {
    const { issuer } = this.issuer;
    const untilWallAt = this.clock.wallNow() + forMs;
    this.writtenUntil = untilWallAt;
    const body = { issuer, untilWallAt, failures: this.failures };
    // As above, and a closed ring writes nothing.
    await this.access.write('turn', this.name, body, forMs + LONGEST_BACK_OFF_MS).catch(() => {});
  }
}
