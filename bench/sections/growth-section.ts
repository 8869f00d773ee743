import type { AuthOptions } from 'nestjs-jwks-auth';
import type { Familiarity } from '../contenders/contender.js';
import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { CpuMessages } from '../processes/cpu-worker.js';
import type { Worker } from '../processes/worker.js';
import { median, spread } from '../report/statistics.js';
import { table } from '../report/table.js';
import { inRounds, type Row, type Series } from './rounds.js';

/** Microseconds of CPU, by what grows; the first row of each is what the others are compared with. */
export interface GrowthResults {
  readonly issuersNeverSeen: Series<number>;
  readonly issuersSeenBefore: Series<number>;
  readonly cachedTokens: Series<number>;
}

/** Tokens in one message while a token cache is filled. */
const FILL_AT_ONCE = 5_000;

/** What a guarded request costs as issuers and cached tokens grow. */
export async function measureGrowth(plan: Plan): Promise<GrowthResults> {
  await using issuer = await BenchIssuer.start('ES256');
  return {
    issuersNeverSeen: await measureIssuers(issuer, plan, 'never seen'),
    issuersSeenBefore: await measureIssuers(issuer, plan, 'seen before'),
    cachedTokens: await measureCached(issuer, plan),
  };
}

/** Many issuers that share one key set; their tokens alternate. */
async function measureIssuers(
  issuer: BenchIssuer,
  plan: Plan,
  familiarity: Familiarity,
): Promise<Series<number>> {
  await using workers = new AsyncDisposableStack();
  const { audience, jwksUri } = issuer.facts;
  const rows: Row<number>[] = [];
  for (const count of plan.issuerCounts) {
    const names = Array.from({ length: count }, (_, index) => `https://issuer-${index}.example/`);
    const worker = workers.use(issuer.worker<CpuMessages>('cpu-worker'));
    await worker.send('startOwn', { audience, issuers: names.map((name) => ({ issuer: name, jwksUri })) });
    const mint = () => tokensOf(issuer, names, Math.max(plan.cpuRequests, count));
    const seen = mint();
    const measure = () => worker.send('check', { tokens: familiarity === 'seen before' ? seen : mint() });
    rows.push({ title: `${count.toLocaleString('en-US')} issuers`, measure });
  }
  return await inRounds(plan.cpuRounds, plan.cpuWarmUpRounds, rows);
}

const tokensOf = (issuer: BenchIssuer, names: readonly string[], count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) => issuer.tokens(1, { iss: names[index % names.length] })[0] ?? '',
  );

/** Token caches of many sizes, all of them full; their tokens alternate. */
async function measureCached(issuer: BenchIssuer, plan: Plan): Promise<Series<number>> {
  await using workers = new AsyncDisposableStack();
  const { issuer: name, audience } = issuer.facts;
  const rows: Row<number>[] = [];
  for (const max of plan.cachedCounts) {
    const worker = workers.use(issuer.worker<CpuMessages>('cpu-worker'));
    const options: AuthOptions = { issuer: name, audience, verifiedTokens: { max } };
    await worker.send('startOwn', options);
    const tokens = issuer.tokens(max);
    await fill(worker, tokens);
    const measure = (round: number) =>
      worker.send('check', { tokens: sampleOf(tokens, plan.cpuRequests, round) });
    rows.push({ title: `${max.toLocaleString('en-US')} cached tokens`, measure });
  }
  return await inRounds(plan.cpuRounds, plan.cpuWarmUpRounds, rows);
}

async function fill(worker: Worker<CpuMessages>, tokens: readonly string[]): Promise<void> {
  for (let start = 0; start < tokens.length; start += FILL_AT_ONCE) {
    await worker.send('check', { tokens: tokens.slice(start, start + FILL_AT_ONCE) });
  }
}

/** Tokens at even distances, other ones in each round. */
const sampleOf = (tokens: readonly string[], count: number, round: number): string[] => {
  const step = Math.max(1, Math.floor(tokens.length / count));
  return Array.from({ length: count }, (_, index) => tokens[(index * step + round) % tokens.length] ?? '');
};

export function growthBlock(results: GrowthResults): string {
  return [
    growthTable('token never seen', results.issuersNeverSeen),
    growthTable('token seen before', results.issuersSeenBefore),
    growthTable('token seen before', results.cachedTokens),
  ].join('\n\n');
}

function growthTable(what: string, series: Series<number>): string {
  const rows = [...series].map(([title, costs]) => [
    title,
    spread(costs),
    growthOf(series, title).toFixed(2),
  ]);
  return table([what, 'µs of CPU', 'of the first row'], rows);
}

/** How many times the first row's cost this one is: the median of the rounds' own ratios. */
export function growthOf(series: Series<number>, title: string): number {
  const [reference = []] = series.values();
  return median((series.get(title) ?? []).map((cost, round) => cost / (reference[round] ?? NaN)));
}
