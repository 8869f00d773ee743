import { hash } from 'node:crypto';
import type { KeyRing } from '../keys/key-ring.js';
import type { VerificationKey } from '../jwk/verification-key.js';
import type { VerifiedToken } from './access-token-verifier.js';

/** What a verified token rests on. */
export interface VerifiedEntry {
  /** Of the whole token, as {@link digestOf} makes it. */
  readonly digest: string;
  readonly verified: VerifiedToken;
  readonly ring: KeyRing;
  readonly key: VerificationKey;
  /** Of the ring, when the key was last seen to be held. */
  generation: number;
  /** True when the token came again since it was put in. */
  isUsed: boolean;
}

/** How many entries are passed over, at most, to find one that gives way. */
const SECOND_CHANCES = 8;

/**
 * Tokens that passed, by the SHA-256 of the whole token. A few bits of it say where an entry is, since a Map finds small
 * integers with half the steps that it takes for strings, and all of them whether it is the one; should two tokens ever
 * have the same place, the later one takes it. The one that was put in first gives way, unless it has been
 * used since: then it gets a second chance, as the youngest. That comes close to giving up the least recently used one,
 * and spares a hit the cost of putting its entry in anew.
 */
export class VerifiedTokens {
  private readonly entries = new Map<number, VerifiedEntry>();
  /**
   * Where the oldest entry is. A Map keeps the order in which entries were put in, but has to look for the first one
   * behind all that were deleted; an iterator stands there already.
   */
  private oldest = this.entries.entries();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  /** The entry of the token with this digest, as long as its key is still held and its ring may be relied on. */
  recall(digest: string): VerifiedEntry | undefined {
    const place = placeOf(digest);
    const entry = this.entries.get(place);
    if (entry?.digest !== digest || !entry.ring.isUsable) return undefined;
    const { ring, key } = entry;
    if (entry.generation !== ring.generation && !ring.holds(key)) return this.forget(place);
    entry.generation = ring.generation;
    entry.isUsed = true;
    return entry;
  }

  remember(entry: VerifiedEntry): void {
    for (let chances = SECOND_CHANCES; this.entries.size >= this.max; chances -= 1)
      this.makeRoom(chances > 0);
    this.entries.set(placeOf(entry.digest), entry);
  }

  /** Gives the oldest entry up, or a second chance. */
  private makeRoom(isChancePossible: boolean): void {
    const [place, entry] = this.oldest.next().value as [number, VerifiedEntry];
    this.entries.delete(place);
    if (!isChancePossible || !entry.isUsed) return;
    entry.isUsed = false;
    this.entries.set(place, entry);
  }

  private forget(place: number): undefined {
    this.entries.delete(place);
    // An iterator that stands still would keep in memory what the Map has moved away from.
    this.oldest = this.entries.entries();
  }
}

/** What a token is remembered by: the SHA-256 of all of it, its signature included. A character is a byte. */
export const digestOf = (token: string): string => hash('sha256', token, 'binary');

/** The first 32 bits of a digest. */
const placeOf = (digest: string): number =>
  (digest.charCodeAt(0) << 24) |
  (digest.charCodeAt(1) << 16) |
  (digest.charCodeAt(2) << 8) |
  digest.charCodeAt(3);
