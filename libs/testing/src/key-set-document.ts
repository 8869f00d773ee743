import { createHash } from 'node:crypto';
import type { TestKey } from './test-key.js';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** The JWK Set that the issuer publishes: its keys, or the body that a test puts in their place. */
export class KeySetDocument {
  private published: readonly TestKey[] = [];
  private override: Buffer | undefined;
  // HTTP dates have a resolution of one second. This one starts in the past and advances by a second with each change,
  // so two changes within the same second have different dates.
  private modifiedMs = Math.floor((Date.now() - DAY_MS) / SECOND_MS) * SECOND_MS;

  /** The keys, oldest first. */
  get keys(): readonly TestKey[] {
    return this.published;
  }

  set keys(keys: readonly TestKey[]) {
    this.published = keys;
    this.modifiedMs += SECOND_MS;
  }

  /** Serves this body instead: a string or bytes verbatim, else as JSON; undefined serves the keys again. */
  publish(body: unknown): void {
    this.override = body === undefined ? undefined : asBytes(body);
    this.modifiedMs += SECOND_MS;
  }

  get body(): Buffer {
    return this.override ?? asBytes({ keys: this.published.map(({ publicJwk }) => publicJwk) });
  }

  /** `ETag` and `Last-Modified` of the current body. */
  get validators(): { readonly etag: string; readonly 'last-modified': string } {
    const digest = createHash('sha256').update(this.body).digest('base64url');
    return { etag: `"${digest}"`, 'last-modified': new Date(this.modifiedMs).toUTCString() };
  }

  /** Whether a conditional request has the current body (RFC 9110 §13.2.2: an entity tag takes precedence). */
  isKnownTo(headers: {
    readonly 'if-none-match'?: string | undefined;
    readonly 'if-modified-since'?: string | undefined;
  }): boolean {
    const { 'if-none-match': tags, 'if-modified-since': since } = headers;
    if (tags !== undefined) return tags.trim() === '*' || tags.includes(this.validators.etag);
    return since !== undefined && Date.parse(since) >= this.modifiedMs;
  }
}

function asBytes(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
