import { Keyv } from 'keyv';
import type { EmitKeyRingEvent } from '../../src/keys/key-ring-events.js';
import type { Sharing } from '../../src/keys/key-set-refresher.js';
import type { KeyStore } from '../../src/keys/store/key-store.js';
import { entryName, type StoreEntryKind, type StoreSecrets } from '../../src/keys/store/sealed-entry.js';
import { SealedStore } from '../../src/keys/store/sealed-store.js';
import { SharedDenials } from '../../src/keys/store/shared-denials.js';
import { SharedKeySet } from '../../src/keys/store/shared-key-set.js';
import { StoreAccess } from '../../src/keys/store/store-access.js';
import { ISSUER, SECRET } from './constants.js';
import { ManualClock, settle } from './manual-clock.js';
import { RingFixture, type RingChanges } from './ring-fixture.js';
import { publicJwk, ScriptedSource } from './scripted-source.js';

export interface Member {
  readonly fake: RingFixture;
  /** Reasons of the warnings about the store and its entries. */
  readonly warnings: string[];
}

export interface MemberOptions extends RingChanges {
  readonly secrets?: StoreSecrets;
  readonly jwksUri?: string;
  /** By default one of its own, over the entries that all share. */
  readonly keyv?: KeyStore;
}

/** Processes of one fleet: key rings with one clock, one issuer and one store. */
export class FleetFixture {
  readonly clock = new ManualClock();
  readonly source = new ScriptedSource([publicJwk('known')]);
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
    const warn: EmitKeyRingEvent = (event) =>
      warnings.push('reason' in event ? String(event.reason) : event.type);
    const share = (_: EmitKeyRingEvent, closed: AbortSignal): Sharing => {
      const access = new StoreAccess(new SealedStore(keyv, secrets, clock), warn, closed);
      return {
        keySet: new SharedKeySet({ issuer: ISSUER, jwksUri }, access, clock),
        denials: new SharedDenials(ISSUER, access),
      };
    };
    return { fake: new RingFixture({ clock, source, share, ...changes }), warnings };
  }

  /** A process that has started. */
  async started(options?: MemberOptions): Promise<Member> {
    const member = this.member(options);
    await member.fake.ring.start();
    await settle();
    return member;
  }

  /** Changes an entry, as anybody can who can write the store; the text is what Keyv was given. */
  tamper(change: (entry: string) => unknown, kind: StoreEntryKind = 'jwks'): void {
    const name = kind === 'jwks' ? entryName(kind, ISSUER, undefined) : entryName(kind, ISSUER);
    const { value, ...rest } = JSON.parse(String(this.entries.get(name))) as { value: string };
    this.entries.set(name, JSON.stringify({ ...rest, value: change(value) }));
  }
}
