import { Keyv } from 'keyv';
import { BoundedStore } from '../../src/keys/store/sealed-store.js';
import { KeyRing, type KeyRingDeps } from '../../src/keys/key-ring.js';
import { SharedKeys } from '../../src/keys/store/shared-key-set.js';
import { SharedTurn } from '../../src/keys/store/refresh-lease.js';
import type { Policy, Pod, World } from './pod.js';
import { ISSUER } from './simulated-issuer.js';
import { SimulatedStore } from './simulated-store.js';

const STALE_FOR_MS = 24 * 60 * 60 * 1_000;
const REQUESTS_PER_MINUTE = 6;
const TIMEOUT_MS = 5_000;
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
    return (random) => new RingPod(world, random, share(world, database));
  },
};

class RingPod implements Pod {
  private readonly ring: KeyRing;

  constructor({ clock, issuer }: World, random: () => number, shared?: Pick<KeyRingDeps, 'shared' | 'turn'>) {
    this.ring = new KeyRing({
      issuer: ISSUER,
      source: issuer,
      clock,
      random,
      onEvent: () => {},
      algorithms: ['ES256'],
      timeoutMs: TIMEOUT_MS,
      mayPark: false,
      lifetime: { maxAgeMs: undefined, staleForMs: STALE_FOR_MS },
      deniedKids: [],
      jwksRequestsPerMinute: REQUESTS_PER_MINUTE,
      ...shared,
    });
  }

  start(): void {
    void this.ring.start();
  }

  stop(): void {
    this.ring.close();
  }

  request(kid: string): Promise<boolean> {
    return this.ring.getKeys(kid, 'ES256').then(accepted, refused);
  }
}

function share({ clock }: World, database: SimulatedStore): Pick<KeyRingDeps, 'shared' | 'turn'> {
  const store = new BoundedStore(new Keyv({ store: database }), clock);
  const deps = { issuer: ISSUER, jwksUri: undefined, store, secrets: SECRETS, clock, onNews() {} };
  return { shared: new SharedKeys(deps), turn: new SharedTurn(deps) };
}

const accepted = (): boolean => true;
const refused = (): boolean => false;
