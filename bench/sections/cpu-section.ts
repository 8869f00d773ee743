import type { MeasuredAlgorithm } from '../contenders/contender.js';
import { CONTENDERS, entriesOf, PEERS, type Entry } from '../contenders/contenders.js';
import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { CpuMessages } from '../processes/cpu-worker.js';
import { median, ratio, spread } from '../report/statistics.js';
import { table } from '../report/table.js';
import { inRounds, type Row, type Series } from './rounds.js';
import { TokenSupply } from './token-supply.js';

export type CpuResults = ReadonlyMap<MeasuredAlgorithm, Series<number>>;

/** The first row: the least that checking a token can cost. */
export const LIMIT = '`crypto.verify` alone';

/** A slow contender checks fewer tokens in a round, so that a run ends. */
const ROUND_LIMIT_MS = 500;

/** What a row is called. */
export const titleOf = ({ name, familiarity }: Entry): string => {
  const { title, familiarities } = CONTENDERS[name];
  return familiarities.length === 1 ? title : `${title}, token ${familiarity}`;
};

/** Microseconds of CPU for each guarded request, through `canActivate`. */
export async function measureCpu(plan: Plan): Promise<CpuResults> {
  const results = new Map<MeasuredAlgorithm, Series<number>>();
  for (const algorithm of plan.algorithms) results.set(algorithm, await measureAlgorithm(algorithm, plan));
  return results;
}

async function measureAlgorithm(algorithm: MeasuredAlgorithm, plan: Plan): Promise<Series<number>> {
  await using issuer = await BenchIssuer.start(algorithm);
  await using workers = new AsyncDisposableStack();
  const supply = new TokenSupply(issuer, plan.cpuRequests);
  const rows = await Promise.all([
    limitRow(issuer, workers, plan),
    ...entriesOf(['yes', 'own', 'ownInThreadPool', ...PEERS], algorithm).map((entry) =>
      contenderRow(entry, issuer, workers, supply),
    ),
  ]);
  return await inRounds(plan.cpuRounds, plan.cpuWarmUpRounds, rows);
}

function limitRow(issuer: BenchIssuer, workers: AsyncDisposableStack, plan: Plan): Row<number> {
  const worker = workers.use(issuer.worker<CpuMessages>('cpu-worker'));
  const message = { issuer: issuer.facts, signed: issuer.signedText(), times: plan.cpuRequests };
  return { title: LIMIT, measure: () => worker.send('verifyAlone', message) };
}

async function contenderRow(
  entry: Entry,
  issuer: BenchIssuer,
  workers: AsyncDisposableStack,
  supply: TokenSupply,
): Promise<Row<number>> {
  const worker = workers.use(issuer.worker<CpuMessages>('cpu-worker'));
  await worker.send('start', { name: entry.name, issuer: issuer.facts });
  const measure = (round: number) =>
    worker.send('check', { tokens: supply.of(entry.familiarity, round), limitMs: ROUND_LIMIT_MS });
  return { title: titleOf(entry), measure };
}

export function cpuBlock(results: CpuResults): string {
  return [...results]
    .map(([algorithm, series]) => `### ${algorithm}\n\n${algorithmTable(series)}`)
    .join('\n\n');
}

function algorithmTable(series: Series<number>): string {
  const limit = median(series.get(LIMIT) ?? []);
  const rows = [...series].map(([title, costs]) => [title, spread(costs), ratio(median(costs), limit)]);
  return table(['a guarded request', 'µs of CPU', 'of the limit'], rows);
}
