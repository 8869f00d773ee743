import { Keyv } from 'keyv';
import { BoundedStore } from '../../src/keys/store/sealed-store.js';
import type { KeyStore } from '../../src/keys/store/key-store.js';
import { entryName, type StoreEntryKind, type StoreSecrets } from '../../src/keys/store/sealed-entry.js';
import { SharedKeys } from '../../src/keys/store/shared-key-set.js';
import type { KeyRingDeps } from '../../src/keys/key-ring.js';
import { FakeClock, settle } from './fake-clock.js';
import { FakeJwksSource, publicJwk } from './fake-jwks-source.js';
import { FakeRing } from './fake-ring.js';

const ISSUER = 'https://issuer.test';
export const SECRET = 'a-secret-of-at-least-thirty-two-bytes';

export interface Member {
  readonly fake: FakeRing;
  /** Reasons of the warnings about the store and its entries. */
  readonly warnings: string[];
}

export interface MemberOptions extends Partial<KeyRingDeps> {
  readonly secrets?: StoreSecrets;
  readonly jwksUri?: string;
  /** By default one of its own, over the entries that all share. */
  readonly keyv?: KeyStore;
}

/** Processes of one fleet: key rings with one clock, one issuer and one store. */
export class FakeFleet {
  readonly clock = new FakeClock();
  readonly source = new FakeJwksSource([publicJwk('known')]);
  /** What the store holds, by name. */
  readonly entries = new Map<string, unknown>();
  /** One more process, which has not started yet. */
  member({
    secrets = [SECRET],
    jwksUri,
    keyv = new Keyv({ store: this.entries, useKeyPrefix: false }),
    ...changes
  }: MemberOptions = {}): Member {
    const { clock, source } = this;
    const warnings: string[] = [];
    const shared = new SharedKeys({
      issuer: ISSUER,
      jwksUri,
      store: new BoundedStore(keyv, clock),
      secrets,
      clock,
      onNews: (news) => warnings.push('reason' in news ? String(news.reason) : news.type),
    });
    return { fake: new FakeRing({ clock, source, shared, ...changes }), warnings };
  }

  /** A process that has started. */
  async started(options?: MemberOptions): Promise<Member> {
    const member = this.member(options);
    await member.fake.ring.start();
    await settle();
    return member;
  }

  /** Changes an entry as somebody would who can write the store; the text is what Keyv was given. */
  tamper(change: (entry: string) => unknown, kind: StoreEntryKind = 'jwks'): void {
    const name = kind === 'jwks' ? entryName(kind, ISSUER, undefined) : entryName(kind, ISSUER);
    const { value, ...rest } = JSON.parse(String(this.entries.get(name))) as { value: string };
    this.entries.set(name, JSON.stringify({ ...rest, value: change(value) }));
  }
}
