import type { SimulatedIssuer } from './simulated-issuer.js';
import type { ManualClock } from '../../test/support/manual-clock.js';

/** One process of the fleet, as far as keys are concerned. */
export interface Pod {
  start(): void;
  /** From now on it fetches nothing. */
  stop(): void;
  /** Whether a token under this key id could be checked: at once from memory, or after a request to the issuer. */
  request(kid: string): boolean | Promise<boolean>;
}

/** The surroundings of pods. */
export interface World {
  readonly clock: ManualClock;
  readonly issuer: SimulatedIssuer;
}

/** A way to keep keys, and what makes a pod that does it. */
export interface Policy {
  readonly name: string;
  /** Called once for each fleet; what it returns is called for each pod. */
  createPods(world: World): (random: () => number) => Pod;
}
