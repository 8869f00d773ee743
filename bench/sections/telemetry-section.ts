import type { Familiarity } from '../contenders/contender.js';
import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { TelemetryMessages } from '../processes/telemetry-worker.js';
import { median, spread } from '../report/statistics.js';
import { table } from '../report/table.js';
import { inRounds, type Row, type Series } from './rounds.js';
import { TokenSupply } from './token-supply.js';

/** How a process is set up. */
interface Mode {
  readonly title: string;
  /** Undefined: no SDK. */
  readonly sampled?: boolean;
  /** With an SDK for metrics. */
  readonly isMeasured?: boolean;
  readonly withoutTelemetry?: boolean;
}

const BARE = 'telemetry taken out of the library';
const NO_SDK = 'no SDK';
const NOT_SAMPLED = 'SDK, not sampled';
const SAMPLED = 'SDK, sampled';
const MEASURED = 'SDK, metrics alone';
const MODES: readonly Mode[] = [
  { title: BARE, withoutTelemetry: true },
  { title: NO_SDK },
  { title: NOT_SAMPLED, sampled: false },
  { title: SAMPLED, sampled: true },
  { title: MEASURED, isMeasured: true },
];

/** Microseconds of CPU for each guarded request. */
export type TelemetryResults = Readonly<Record<Familiarity, Series<number>>>;

/** What telemetry adds to a guarded request, RS256. */
export async function measureTelemetry(plan: Plan): Promise<TelemetryResults> {
  return {
    'never seen': await measureFamiliarity('never seen', plan),
    'seen before': await measureFamiliarity('seen before', plan),
  };
}

async function measureFamiliarity(familiarity: Familiarity, plan: Plan): Promise<Series<number>> {
  await using issuer = await BenchIssuer.start('RS256');
  await using workers = new AsyncDisposableStack();
  const supply = new TokenSupply(issuer, plan.cpuRequests);
  const row = async ({
    title,
    sampled,
    isMeasured,
    withoutTelemetry = false,
  }: Mode): Promise<Row<number>> => {
    const preloaded = withoutTelemetry ? ['unbundled', 'hooks'] : ['unbundled'];
    const nodeOptions = preloaded.flatMap((name) => [
      '--import',
      new URL(`../without-telemetry/${name}.js`, import.meta.url).href,
    ]);
    const worker = workers.use(issuer.worker<TelemetryMessages>('telemetry-worker', { nodeOptions }));
    const { issuer: name, audience } = issuer.facts;
    await worker.send('start', { options: { issuer: name, audience }, sampled, isMeasured });
    return { title, measure: (round) => worker.send('check', { tokens: supply.of(familiarity, round) }) };
  };
  const rows = await Promise.all(MODES.map(row));
  return await inRounds(plan.cpuRounds * 2, plan.cpuWarmUpRounds, rows);
}

export function telemetryBlock(results: TelemetryResults): string {
  const rows = Object.entries(results).flatMap(([familiarity, series]) =>
    [...series].map(([title, costs]) => [
      `token ${familiarity}, ${title}`,
      spread(costs),
      added(series, title).toFixed(2),
      `${((100 * added(series, title)) / median(series.get(BARE) ?? [])).toFixed(1)} %`,
    ]),
  );
  return table(['a guarded request', 'µs of CPU', 'added, µs', 'added'], rows);
}

export function telemetryGoalsBlock(results: TelemetryResults): string {
  const unseen = results['never seen'];
  const seen = results['seen before'];
  const share = (100 * added(unseen, NO_SDK)) / median(unseen.get(BARE) ?? []);
  const most = (title: string) => Math.max(added(unseen, title), added(seen, title));
  return table(
    ['goal', 'measured', 'met'],
    [
      goal('no SDK, token never seen: at most 3 % of the guard', share, 3, '%'),
      goal('no SDK, token seen before: at most 1 µs', added(seen, NO_SDK), 1, 'µs'),
      goal('SDK, not sampled: at most 2 µs', most(NOT_SAMPLED), 2, 'µs'),
      goal('SDK, sampled: at most 20 µs', most(SAMPLED), 20, 'µs'),
    ],
  );
}

const goal = (text: string, value: number, bound: number, unit: string): string[] => [
  text,
  `${value.toFixed(2)} ${unit}`,
  value <= bound ? 'yes' : 'no',
];

/** Microseconds more than without telemetry: the median of the rounds' own differences. */
function added(series: Series<number>, title: string): number {
  const bare = series.get(BARE) ?? [];
  return median((series.get(title) ?? []).map((cost, round) => cost - (bare[round] ?? NaN)));
}
