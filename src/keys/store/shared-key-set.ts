import type { Clock } from '../../common/clock.js';
import { keptHeaders } from '../../http/cache-headers.js';
import type { ImportedKeySet } from '../../jwk/key-set.js';
import { KEY_POLICY } from '../key-policy.js';
import type { JwksResponse } from '../source/jwks-source.js';
import { entryName, StoreEntryError } from './sealed-entry.js';
import type { StoreAccess } from './store-access.js';

/** Whose keys are shared. */
export interface SharedIssuer {
  readonly issuer: string;
  /** Where it is configured: keys from elsewhere are then foreign. */
  readonly jwksUri?: string | undefined;
}

/** A response that some process has fetched and written to the store. */
interface StoredKeySet {
  readonly response: JwksResponse;
  /** When that process sent its request, by its wall clock, in milliseconds since 1970. */
  readonly requestedAt: number;
  readonly imported: ImportedKeySet;
}

/** No store needs to keep keys for longer, whatever `staleIfErrorMs` is. */
const MAX_TTL_MS = 365 * 24 * 60 * 60 * 1_000;

/**
 * The last accepted JWK Set of an issuer, as the processes of a fleet share it through a store. A store that fails counts
 * as empty, and so does an entry that must not be used; either is an event.
 */
export class SharedKeySet {
  private readonly name: string;
  private readAt = -Infinity;

  constructor(
    private readonly issuer: SharedIssuer,
    private readonly access: StoreAccess,
    private readonly clock: Clock,
  ) {
    this.name = entryName('jwks', issuer.issuer, issuer.jwksUri);
  }

  /** True when the last read is a second ago: how often requests may cause one during a back-off. */
  get mayRead(): boolean {
    return !this.access.isClosed && this.clock.now() - this.readAt >= KEY_POLICY.storeSpacingMs;
  }

  /**
   * The entry, if it is newer than what is in memory and passes validation.
   *
   * @param since when what is in memory was requested, by the wall clock; undefined without keys
   * @param validate what responses of the issuer pass too; throws for those that do not
   */
  async read(
    since: number | undefined,
    validate: (response: JwksResponse) => ImportedKeySet,
  ): Promise<StoredKeySet | undefined> {
    this.readAt = this.clock.now();
    return this.access.attempt(() =>
      this.access.read('jwks', this.name, (body) => {
        const { response, requestedAt } = this.parse(body);
        if (since !== undefined && requestedAt <= since) {
          checkNotOutdated(since - requestedAt);
          return undefined;
        }
        return { response, requestedAt, imported: validateStored(validate, response) };
      }),
    );
  }

  /** Shares an accepted response. The store may drop it once it is too old to be used. */
  async write(response: JwksResponse, requestedAt: number, lifetimeMs: number): Promise<void> {
    const { jwksUri, headers, keys } = response;
    if (keys.length === 0) return;
    const body = {
      issuer: this.issuer.issuer,
      jwksUri,
      wallAt: requestedAt,
      headers: keptHeaders(headers),
      keys,
    };
    const ttlMs = Math.min(lifetimeMs, MAX_TTL_MS);
    await this.access.attempt(() => this.access.write('jwks', this.name, body, ttlMs));
  }

  /** @throws StoreEntryError `malformed`, `foreign`, `unusable` (no keys), or `future` (more than 30 seconds ahead) */
  private parse(body: Record<string, unknown>): Omit<StoredKeySet, 'imported'> {
    const { issuer, jwksUri, wallAt: requestedAt, headers, keys } = body;
    if (issuer !== this.issuer.issuer) throw new StoreEntryError('foreign');
    if (typeof jwksUri !== 'string' || typeof requestedAt !== 'number' || !Array.isArray(keys))
      throw new StoreEntryError('malformed');
    const expectedUri = this.issuer.jwksUri;
    if (expectedUri !== undefined && jwksUri !== expectedUri) throw new StoreEntryError('foreign');
    if (!Number.isFinite(requestedAt)) throw new StoreEntryError('malformed');
    if (requestedAt > this.clock.wallNow() + KEY_POLICY.clockSkewMs) throw new StoreEntryError('future');
    // Only the issuer itself can show that it has withdrawn everything.
    if (keys.length === 0) throw new StoreEntryError('unusable');
    return { response: { status: 200, headers: keptHeaders(headers), keys, jwksUri }, requestedAt };
  }
}

/**
 * Within the tolerance an older entry is normal: the clock of the process that wrote it is a little late.
 *
 * @throws StoreEntryError `outdated`
 */
function checkNotOutdated(olderByMs: number): void {
  if (olderByMs > KEY_POLICY.clockSkewMs) throw new StoreEntryError('outdated');
}

function validateStored(
  validate: (response: JwksResponse) => ImportedKeySet,
  response: JwksResponse,
): ImportedKeySet {
  try {
    return validate(response);
  } catch {
    throw new StoreEntryError('unusable');
  }
}
