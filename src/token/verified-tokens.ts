import { hash } from 'node:crypto';
import type { KeyRing } from '../keys/key-ring.js';
import type { VerificationKey } from '../keys/verification-key.js';
import type { VerifiedToken } from './access-token.verifier.js';

/** What a verified token rests on. */
export interface VerifiedEntry {
  readonly verified: VerifiedToken;
  readonly ring: KeyRing;
  readonly key: VerificationKey;
  /** Of the ring, when the key was last seen to be held. */
  generation: number;
}

/**
 * Tokens that passed, by the SHA-256 of the whole token, the least recently used one giving way. A Map remembers the
 * order in which its entries were put in, so putting one in again makes it the youngest.
 */
export class VerifiedTokens {
  private readonly entries = new Map<string, VerifiedEntry>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  /** The entry of the token with this digest, as long as its key is still held and its ring may be relied on. */
  recall(digest: string): VerifiedEntry | undefined {
    const entry = this.entries.get(digest);
    if (entry === undefined || !entry.ring.isUsable) return undefined;
    this.entries.delete(digest);
    const { ring, key } = entry;
    if (entry.generation !== ring.generation && !ring.holds(key)) return undefined;
    entry.generation = ring.generation;
    this.entries.set(digest, entry);
    return entry;
  }

  remember(digest: string, entry: VerifiedEntry): void {
    this.entries.set(digest, entry);
    if (this.entries.size <= this.max) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}

/** What a token is remembered by: the SHA-256 of all of it, its signature included. */
export const digestOf = (token: string): string => hash('sha256', token, 'base64');
