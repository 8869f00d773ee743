import { CONTENDERS, PEERS } from '../contenders/contenders.js';
import { median } from '../report/statistics.js';
import { table } from '../report/table.js';
import { LIMIT, titleOf, type CpuResults } from './cpu-section.js';
import { growthOf, type GrowthResults } from './growth-section.js';
import { OPEN, requestsPerSecond, type HttpResult } from './http-section.js';
import type { MemoryResults } from './memory-section.js';
import type { Series } from './rounds.js';

/** Everything that a goal is about. */
export interface Results {
  readonly cpu: CpuResults;
  readonly http: readonly HttpResult[];
  readonly memory: MemoryResults;
  readonly growth: GrowthResults;
  readonly messages: Series<number>;
}

interface Goal {
  readonly goal: string;
  readonly measured: string;
  readonly isMet: boolean;
}

const NEVER_SEEN = titleOf({ name: 'own', familiarity: 'never seen' });
const SEEN_BEFORE = titleOf({ name: 'own', familiarity: 'seen before' });
const IN_THREAD_POOL = titleOf({ name: 'ownInThreadPool', familiarity: 'never seen' });
const USUAL = CONTENDERS.usualRecipe.title;
/** Two readings of one idle process differ by this much, in bytes. */
const FLAT_BYTES = 512 * 1_024;

/** The goals of this library, and whether this run meets them. */
export function goalsBlock(results: Results): string {
  const goals = [
    ...cpuGoals(results),
    ...httpGoals(results),
    ...memoryGoals(results),
    ...growthGoals(results),
    ...messageGoals(results),
  ];
  const rows = goals.map(({ goal, measured, isMet }) => [goal, measured, isMet ? 'yes' : 'no']);
  return table(['goal', 'measured', 'met'], rows);
}

function cpuGoals({ cpu }: Results): Goal[] {
  const series = cpu.get('RS256') ?? new Map<string, number[]>();
  const cost = (title: string) => median(series.get(title) ?? []);
  const seen = cost(SEEN_BEFORE);
  return [
    atMost(
      'RS256 token never seen: at most 1.25 × `crypto.verify` alone',
      cost(NEVER_SEEN) / cost(LIMIT),
      1.25,
      ' ×',
    ),
    atLeast('and at least 3.5 × cheaper than the usual recipe', cost(USUAL) / cost(NEVER_SEEN), 3.5, ' ×'),
    atMost('token seen before: at most 6 µs', seen, 6, ' µs'),
    atLeast('and at least 25 × cheaper than the usual recipe', cost(USUAL) / seen, 25, ' ×'),
  ];
}

function httpGoals({ http }: Results): Goal[] {
  const result = http.find(({ platform, algorithm }) => platform === 'fastify' && algorithm === 'RS256');
  const rate = (title: string) => median(requestsPerSecond(result?.series.get(title)));
  const peers = PEERS.flatMap((name) =>
    CONTENDERS[name].familiarities.includes('never seen')
      ? [rate(titleOf({ name, familiarity: 'never seen' }))]
      : [],
  ).filter((one) => !Number.isNaN(one));
  const [seen, unseen] = [rate(SEEN_BEFORE), rate(IN_THREAD_POOL)];
  const ofOpen = (100 * seen) / rate(OPEN);
  const ofYes = (100 * seen) / rate(CONTENDERS.yes.title);
  return [
    {
      goal: 'Fastify, token seen before: at least 85 % of the open route, or 95 % of a guard that only says yes',
      measured: `${ofOpen.toFixed(0)} %, ${ofYes.toFixed(0)} %`,
      isMet: ofOpen >= 85 || ofYes >= 95,
    },
    atLeast(
      'Fastify, token never seen, with `verifyInThreadPool`: more than the fastest peer',
      unseen / Math.max(...peers),
      1,
      ' ×',
    ),
    atLeast(
      'and at least 90 % of a guard that only calls `crypto.verify`',
      (100 * unseen) / rate(CONTENDERS.signature.title),
      90,
      ' %',
    ),
  ];
}

function memoryGoals({ memory }: Results): Goal[] {
  const { perCachedToken, perClaims, growthAfterBound, growthUnderFlood } = memory;
  return [
    atMost('a cached token: at most 3 KB beyond its claims', (perCachedToken - perClaims) / 1_024, 3, ' KB'),
    atMost('flat after the bound', growthAfterBound / 1_024, FLAT_BYTES / 1_024, ' KB'),
    atMost('flat under a flood of refused tokens', growthUnderFlood / 1_024, FLAT_BYTES / 1_024, ' KB'),
  ];
}

function growthGoals({ growth }: Results): Goal[] {
  const worst = (series: Series<number>) =>
    Math.max(...[...series.keys()].map((title) => growthOf(series, title)));
  return [
    atMost('cost as issuers grow, token never seen: within 25 %', worst(growth.issuersNeverSeen), 1.25, ' ×'),
    atMost(
      'cost as issuers grow, token seen before: within 25 %',
      worst(growth.issuersSeenBefore),
      1.25,
      ' ×',
    ),
    atMost('cost as cached tokens grow: within 25 %', worst(growth.cachedTokens), 1.25, ' ×'),
  ];
}

function messageGoals({ messages }: Results): Goal[] {
  const cost = ({ title }: { readonly title: string }) => median(messages.get(title) ?? []);
  return [
    atMost(
      'a message on an authenticated connection: at most 5 µs beside a guard that says yes',
      cost(CONTENDERS.own) - cost(CONTENDERS.yes),
      5,
      ' µs',
    ),
  ];
}

const atMost = (goal: string, value: number, bound: number, unit: string): Goal => ({
  goal,
  measured: value.toFixed(2) + unit,
  isMet: value <= bound,
});

const atLeast = (goal: string, value: number, bound: number, unit: string): Goal => ({
  goal,
  measured: value.toFixed(2) + unit,
  isMet: value >= bound,
});
