import { Keyv } from 'keyv';
import type { EmitKeyRingEvent, KeyRingEvent } from '../../src/keys/key-ring-events.js';
import type { Sharing } from '../../src/keys/key-set-refresher.js';
import { RefreshLease } from '../../src/keys/store/refresh-lease.js';
import { SealedStore } from '../../src/keys/store/sealed-store.js';
import { SharedDenials } from '../../src/keys/store/shared-denials.js';
import { SharedKeySet } from '../../src/keys/store/shared-key-set.js';
import { StoreAccess } from '../../src/keys/store/store-access.js';
import { ISSUER, SECRET } from './constants.js';
import { ManualClock } from './manual-clock.js';

/** Processes that share a refresh lease through a store in memory. */
export class LeaseFixture {
  readonly clock = new ManualClock();
  readonly keyv = new Keyv();
  readonly events: KeyRingEvent[] = [];

  /** The lease as one more process sees it. */
  process(closed: AbortSignal = new AbortController().signal): RefreshLease {
    return new RefreshLease({ issuer: ISSUER }, this.access(closed), this.clock);
  }

  /** What a ring shares that shares the lease alone. */
  readonly shareLease = (_: EmitKeyRingEvent, closed: AbortSignal): Sharing => ({
    lease: this.process(closed),
  });

  /** What a ring shares that shares everything. */
  readonly shareAll = (_: EmitKeyRingEvent, closed: AbortSignal): Sharing => {
    const access = this.access(closed);
    return {
      keySet: new SharedKeySet({ issuer: ISSUER }, access, this.clock),
      denials: new SharedDenials(ISSUER, access),
      lease: new RefreshLease({ issuer: ISSUER }, access, this.clock),
    };
  };

  async namesInStore(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name] of this.keyv.iterator?.(undefined) ?? []) names.push(String(name));
    return names;
  }

  private access(closed: AbortSignal): StoreAccess {
    const store = new SealedStore(this.keyv, [SECRET], this.clock);
    return new StoreAccess(store, (event) => this.events.push(event), closed);
  }
}
