import { Keyv } from 'keyv';
import { createKeyRing, type KeyRingRuntime } from '../../src/keys/create-key-ring.js';
import { KEY_OPTION_DEFAULTS } from '../../src/keys/key.options.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { shareThrough } from '../../src/keys/key-rings.js';
import { SealedStore } from '../../src/keys/store/sealed-store.js';
import { StoreAccess } from '../../src/keys/store/store-access.js';
import type { Policy, Pod, World } from './pod.js';
import { ISSUER } from './simulated-issuer.js';
import { SimulatedStore } from './simulated-store.js';

const SECRETS = ['the secret that the pods of the simulated fleet share'];

/** The key ring of the library, with its defaults. */
export const keyRing: Policy = {
  name: 'key ring',
  createPods: (world) => (random) => new RingPod(world, random),
};

/** The same with `keys.store`: a Keyv in each pod, and one database behind them. */
export const keyRingWithStore: Policy = {
  name: 'key ring with store',
  createPods: (world) => {
    const database = new SimulatedStore(world.clock);
    return (random) => new RingPod(world, random, shareWith(world, database));
  },
};

class RingPod implements Pod {
  private readonly ring: KeyRing;

  constructor({ clock, issuer }: World, random: () => number, share?: KeyRingRuntime['share']) {
    const runtime = { clock, random, onEvent() {}, share };
    this.ring = createKeyRing(
      { issuer: ISSUER, algorithms: ['ES256'] },
      issuer,
      KEY_OPTION_DEFAULTS,
      runtime,
    );
  }

  start(): void {
    void this.ring.start();
  }

  stop(): void {
    this.ring.close();
  }

  async request(kid: string): Promise<boolean> {
    try {
      await this.ring.lookUp(kid, 'ES256');
      return true;
    } catch {
      return false;
    }
  }
}

function shareWith({ clock }: World, database: SimulatedStore): KeyRingRuntime['share'] {
  const store = new SealedStore(new Keyv({ store: database }), SECRETS, clock);
  return (emit, closed) => shareThrough(new StoreAccess(store, emit, closed), { issuer: ISSUER }, clock);
}
