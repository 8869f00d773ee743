import { Fleet, type FleetOptions, type Served } from './fleet.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long what happens in a scenario lasts; as long as `maxAge`. */
export const EVENT_MS = 10 * MINUTE_MS;

/** One hour of a fleet's life. What happens in it begins with the hour and is over after {@link EVENT_MS}. */
export interface Scenario {
  readonly name: string;
  /** True where one request of each pod is what anybody would expect. */
  readonly costsOnePerPod?: boolean;
  begin(fleet: Fleet): void;
  end?(fleet: Fleet): void;
}

/** What an hour has cost. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly pods: number;
  /** Fetches that reached the issuer, in all. */
  readonly fetchesInHour: number;
  readonly fetchesInEvent: number;
  /** The most in one second of the hour. */
  readonly peakPerSecond: number;
  /** The outcome of valid tokens during the event. */
  readonly served: Served;
}

/** As many as the requests with valid tokens, at each pod. */
const MADE_UP_PER_SECOND = 0.2;

export const jointStart: Scenario = {
  name: 'joint start',
  costsOnePerPod: true,
  begin: (fleet) => fleet.start(),
};

export const steadyState: Scenario = { name: 'steady state', begin() {} };

export const rotation: Scenario = {
  name: 'rotation',
  costsOnePerPod: true,
  begin: (fleet) => fleet.issuer.rotate(),
};

export const jointRestart: Scenario = { ...jointStart, name: 'joint restart' };

export const outage: Scenario = {
  name: 'outage, keys in memory',
  begin: (fleet) => (fleet.issuer.isDown = true),
  end: (fleet) => (fleet.issuer.isDown = false),
};

export const flood: Scenario = {
  name: 'flood of made-up key ids',
  costsOnePerPod: true,
  begin: (fleet) => (fleet.madeUpPerSecond = MADE_UP_PER_SECOND),
  end: (fleet) => (fleet.madeUpPerSecond = 0),
};

export const startInOutage: Scenario = {
  name: 'outage, no keys yet',
  begin: (fleet) => {
    outage.begin(fleet);
    fleet.start();
  },
  end: (fleet) => outage.end?.(fleet),
};

/** Each inner list is the life of one fleet, hour by hour. */
export const LIVES: readonly (readonly Scenario[])[] = [
  [jointStart, steadyState, rotation, jointRestart, outage, flood],
  [startInOutage],
];

/** Runs a fleet through these hours, and returns the cost of each. */
export async function live(options: FleetOptions, hours: readonly Scenario[]): Promise<Outcome[]> {
  const fleet = new Fleet(options);
  const outcomes: Outcome[] = [];
  for (const scenario of hours) outcomes.push(await liveThrough(fleet, scenario, options.pods));
  return outcomes;
}

async function liveThrough(fleet: Fleet, scenario: Scenario, pods: number): Promise<Outcome> {
  const { clock, issuer } = fleet;
  const from = clock.now();
  scenario.begin(fleet);
  const served = await fleet.run(EVENT_MS);
  scenario.end?.(fleet);
  await fleet.run(HOUR_MS - EVENT_MS);
  return {
    scenario,
    pods,
    served,
    fetchesInHour: issuer.tally.count(from, from + HOUR_MS),
    fetchesInEvent: issuer.tally.count(from, from + EVENT_MS),
    peakPerSecond: issuer.tally.peak(from, from + HOUR_MS),
  };
}
