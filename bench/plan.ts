import { MEASURED_ALGORITHMS, type MeasuredAlgorithm } from './contenders/contender.js';

/** How much is measured. */
export interface Plan {
  readonly algorithms: readonly MeasuredAlgorithm[];
  /** Rounds before those that count: V8 optimises what has run some ten thousand times. */
  readonly cpuWarmUpRounds: number;
  readonly httpWarmUpRounds: number;
  /** Rounds of a section that count. */
  readonly cpuRounds: number;
  readonly httpRounds: number;
  /** Requests of one contender in one round, at most. */
  readonly cpuRequests: number;
  readonly httpRequests: number;
  /** Tokens in the token cache at most, where memory is measured. */
  readonly cachedTokens: number;
  readonly issuerCounts: readonly number[];
  readonly cachedCounts: readonly number[];
  readonly threadPoolSizes: readonly number[];
}

/** What the documents show: about twenty minutes. */
export const FULL: Plan = {
  algorithms: MEASURED_ALGORITHMS,
  cpuWarmUpRounds: 4,
  httpWarmUpRounds: 4,
  cpuRounds: 9,
  httpRounds: 5,
  cpuRequests: 5_000,
  httpRequests: 6_000,
  cachedTokens: 5_000,
  issuerCounts: [1, 10, 1_000],
  cachedCounts: [100, 1_000, 10_000, 100_000],
  threadPoolSizes: [1, 2, 16],
};

/** Everything once, to see that it works. */
export const SMOKE: Plan = {
  algorithms: ['RS256'],
  cpuWarmUpRounds: 0,
  httpWarmUpRounds: 0,
  cpuRounds: 1,
  httpRounds: 1,
  cpuRequests: 20,
  httpRequests: 32,
  cachedTokens: 50,
  issuerCounts: [1, 3],
  cachedCounts: [10, 50],
  threadPoolSizes: [1, 2],
};
