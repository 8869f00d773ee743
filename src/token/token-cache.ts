import { LRUCache } from 'lru-cache';
import { hash } from 'node:crypto';
import type { CachedToken } from './access-token.js';

/** Verified tokens, by the SHA-256 of the whole token; the least recently used is evicted. */
export class TokenCache {
  private readonly entries: LRUCache<string, CachedToken>;

  constructor(max: number) {
    this.entries = new LRUCache({ max });
  }

  get size(): number {
    return this.entries.size;
  }

  /** The token with this digest, as long as its key is in use and its ring may be relied on. */
  get(digest: string): CachedToken | undefined {
    const token = this.entries.get(digest);
    if (token === undefined || revalidate(token)) return token;
    if (token.ring.isUsable) this.entries.delete(digest);
    return undefined;
  }

  set(digest: string, token: CachedToken): void {
    this.entries.set(digest, token);
  }
}

/**
 * True while the key of this token is in use and its ring may be relied on. Notes the generation of the keys, so that the
 * next call is cheap.
 */
export function revalidate(token: CachedToken): boolean {
  const { ring, key } = token;
  if (!ring.isUsable) return false;
  const { generation } = ring;
  if (token.generation === generation) return true;
  if (!ring.holds(key)) return false;
  token.generation = generation;
  return true;
}

/** What a token is cached by: the SHA-256 of all of it, its signature included, a character for each byte. */
export const digestOf = (token: string): string => hash('sha256', token, 'binary');
