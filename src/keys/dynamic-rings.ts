import { KEY_POLICY } from './key-policy.js';
import type { KeyRing } from './key-ring.js';

/**
 * The rings of dynamic issuers, by issuer: bounded, the least recently used giving way. A Map remembers the order in
 * which its entries were put in, so putting one in again makes it the youngest.
 */
export class DynamicRings implements Iterable<KeyRing> {
  private readonly rings = new Map<string, KeyRing>();
  /** What operators denied at rings that have gone; it holds for the life of the process. */
  private readonly denied = new Map<string, readonly string[]>();

  constructor(private readonly deniedEverywhere: ReadonlySet<string>) {}

  get(issuer: string): KeyRing | undefined {
    const ring = this.rings.get(issuer);
    if (ring === undefined) return undefined;
    this.rings.delete(issuer);
    this.rings.set(issuer, ring);
    return ring;
  }

  add(ring: KeyRing): void {
    this.forget(ring.issuer);
    for (const kid of this.denied.get(ring.issuer) ?? []) void ring.deny(kid);
    this.rings.set(ring.issuer, ring);
    if (this.rings.size <= KEY_POLICY.maxDynamicRings) return;
    const [oldest] = this.rings.keys();
    if (oldest !== undefined) this.forget(oldest);
  }

  /** Closes the ring of this issuer and lets it go. */
  forget(issuer: string): void {
    const ring = this.rings.get(issuer);
    if (ring === undefined) return;
    const denied = [...ring.deniedKids].filter((kid) => !this.deniedEverywhere.has(kid));
    if (denied.length > 0) this.denied.set(issuer, denied);
    this.rings.delete(issuer);
    ring.close();
  }

  [Symbol.iterator](): Iterator<KeyRing> {
    return this.rings.values();
  }
}
