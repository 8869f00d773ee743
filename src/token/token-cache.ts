import { LRUCache } from 'lru-cache';
import { hash } from 'node:crypto';
import type { VerificationKey } from '../jwk/verification-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { VerifiedToken } from './access-token.js';

/** A verified token, and the key it depends on. */
export interface CachedToken {
  readonly verified: VerifiedToken;
  readonly ring: KeyRing;
  readonly key: VerificationKey;
  /** Of the ring, when the key was last seen to be in use. */
  generation: number;
}

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
    if (token === undefined || !token.ring.isUsable) return undefined;
    const { generation } = token.ring;
    if (token.generation === generation) return token;
    if (!token.ring.holds(token.key)) {
      this.entries.delete(digest);
      return undefined;
    }
    token.generation = generation;
    return token;
  }

  set(digest: string, token: CachedToken): void {
    this.entries.set(digest, token);
  }
}

/** What a token is cached by: the SHA-256 of all of it, its signature included, a character for each byte. */
export const digestOf = (token: string): string => hash('sha256', token, 'binary');
