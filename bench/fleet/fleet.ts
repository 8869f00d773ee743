import type { Pod, Policy, World } from './pod.js';
import { seededRandom } from './random.js';
import { SimulatedIssuer } from './simulated-issuer.js';
import { ManualClock, settle } from '../../test/support/manual-clock.js';

export interface FleetOptions {
  readonly policy: Policy;
  readonly pods: number;
  /** Requests with a valid token, at each pod, on average; they come at random (a Poisson process). */
  readonly requestsPerSecond: number;
}

/** The outcome of requests with a valid token. */
export interface Served {
  readonly requests: number;
  /** Waited for a request to the issuer. */
  readonly waited: number;
  readonly refused: number;
}

/** What a key in memory takes at most until its promise has settled, in ticks of the microtask queue. */
const HIT_TICKS = 16;

/** The seeds below it belong to the issuer and to the requests. */
const SEED_OF_PODS = 1_000;

/** Pods of one policy, an issuer, and the requests that come to them. */
export class Fleet implements World {
  readonly clock = new ManualClock();
  readonly issuer = new SimulatedIssuer(this.clock, seededRandom(1));
  /** Requests with a made-up key id, at each pod. */
  madeUpPerSecond = 0;
  private readonly createPod: (random: () => number) => Pod;
  private pods: readonly Pod[] = [];
  private podsMade = 0;
  private readonly random = seededRandom(2);
  private served = { requests: 0, waited: 0, refused: 0 };
  private madeUp = 0;

  constructor(private readonly options: FleetOptions) {
    this.createPod = options.policy.createPods(this);
  }

  /** Starts all pods in the same moment, in place of those that ran before. */
  start(): void {
    for (const pod of this.pods) pod.stop();
    const seed = () => SEED_OF_PODS + this.podsMade++;
    this.pods = Array.from({ length: this.options.pods }, () => this.createPod(seededRandom(seed())));
    for (const pod of this.pods) pod.start();
  }

  /** Lets this much time pass. Resolves to the outcome of the requests that came meanwhile. */
  async run(durationMs: number): Promise<Served> {
    const { clock, pods, random, madeUpPerSecond } = this;
    this.served = { requests: 0, waited: 0, refused: 0 };
    const until = clock.now() + durationMs;
    const perSecond = this.options.requestsPerSecond + madeUpPerSecond;
    const madeUpShare = madeUpPerSecond / perSecond;
    const gap = () => (-Math.log(1 - random()) * 1_000) / (perSecond * pods.length);
    await settle();
    for (let next = clock.now() + gap(); next < until; next += gap()) {
      await clock.goTo(next);
      const pod = pods[Math.floor(random() * pods.length)] as Pod;
      await (random() < madeUpShare ? this.requestMadeUp(pod) : this.request(pod));
    }
    await clock.goTo(until);
    return this.served;
  }

  private request(pod: Pod): Promise<void> | undefined {
    const { served } = this;
    served.requests += 1;
    const outcome = pod.request(this.issuer.kid);
    return outcome === true ? undefined : this.follow(outcome, served);
  }

  private requestMadeUp(pod: Pod): Promise<void> | undefined {
    const outcome = pod.request(`made-up-${(this.madeUp += 1)}`);
    return typeof outcome === 'boolean' ? undefined : settle();
  }

  /** Counts the outcome when it is there, and returns when nothing more happens in this moment. */
  private async follow(outcome: boolean | Promise<boolean>, served: typeof this.served): Promise<void> {
    const cameAt = this.clock.now();
    let isOver = false;
    void Promise.resolve(outcome).then((isAccepted) => {
      isOver = true;
      if (!isAccepted) served.refused += 1;
      else if (this.clock.now() > cameAt) served.waited += 1;
    });
    for (let tick = 0; tick < HIT_TICKS; tick += 1) {
      if (isOver) return;
      await undefined;
    }
    await settle();
  }
}
