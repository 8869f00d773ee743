import { PLATFORMS, type MeasuredAlgorithm, type Platform } from '../contenders/contender.js';
import { entriesOf, PEERS, type Entry } from '../contenders/contenders.js';
import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { LoadMessages, LoadResult } from '../processes/load-worker.js';
import type { ServerMessages, ServerSetup } from '../processes/server-worker.js';
import type { Worker, WorkerOptions } from '../processes/worker.js';
import { median, spread } from '../report/statistics.js';
import { table } from '../report/table.js';
import { titleOf } from './cpu-section.js';
import { inRounds, type Row, type Series } from './rounds.js';
import { TokenSupply } from './token-supply.js';

export interface HttpResult {
  readonly platform: Platform;
  readonly algorithm: MeasuredAlgorithm;
  readonly series: Series<LoadResult>;
}

export const OPEN = 'an open route';
/** Requests of the first round, before the rate of a server is measured. */
const FIRST_REQUESTS = 320;

/** Requests a second over HTTP, and how long they take. */
export async function measureHttp(plan: Plan): Promise<readonly HttpResult[]> {
  const results: HttpResult[] = [];
  for (const platform of PLATFORMS) {
    for (const algorithm of plan.algorithms) {
      const entries = entriesOf(
        ['yes', 'signature', 'own', 'ownInThreadPool', ...PEERS],
        algorithm,
        platform,
      );
      results.push({ platform, algorithm, series: await measureServers(platform, algorithm, entries, plan) });
    }
  }
  return results;
}

async function measureServers(
  platform: Platform,
  algorithm: MeasuredAlgorithm,
  entries: readonly Entry[],
  plan: Plan,
): Promise<Series<LoadResult>> {
  await using bench = await HttpBench.start(algorithm, platform, plan.httpRequests);
  const rows = await Promise.all([
    bench.row(OPEN, undefined),
    ...entries.map((entry) => bench.row(titleOf(entry), entry)),
  ]);
  return await inRounds(plan.httpRounds, plan.httpWarmUpRounds, rows);
}

/** Servers of one platform for the tokens of one issuer, and the one process that loads them in turn. */
export class HttpBench implements AsyncDisposable {
  private readonly workers = new AsyncDisposableStack();
  private readonly load: Worker<LoadMessages>;
  private readonly supply: TokenSupply;

  private constructor(
    private readonly issuer: BenchIssuer,
    private readonly platform: Platform,
    requests: number,
  ) {
    this.workers.use(issuer);
    this.load = this.workers.use(issuer.worker<LoadMessages>('load-worker'));
    this.supply = new TokenSupply(issuer, requests);
  }

  static async start(algorithm: MeasuredAlgorithm, platform: Platform, requests: number): Promise<HttpBench> {
    return new HttpBench(await BenchIssuer.start(algorithm), platform, requests);
  }

  /** A row for this contender, whose server is started; undefined: the open route. */
  async row(title: string, entry: Entry | undefined, options: WorkerOptions = {}): Promise<Row<LoadResult>> {
    const { issuer, platform, load, supply } = this;
    const server = this.workers.use(issuer.worker<ServerMessages>('server-worker', options));
    const setup: ServerSetup = { name: entry?.name, issuer: issuer.facts, platform };
    const url = await server.send('start', setup);
    const familiarity = entry?.familiarity ?? 'seen before';
    let count = FIRST_REQUESTS;
    const measure = async (round: number): Promise<LoadResult> => {
      const result = await load.send('load', { url, tokens: supply.of(familiarity, round).slice(0, count) });
      // As many as it serves in a second or so.
      count = Math.max(FIRST_REQUESTS, Math.round(result.requestsPerSecond));
      return result;
    };
    return { title, measure };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.workers.disposeAsync();
  }
}

const PLATFORM_NAMES: Record<Platform, string> = { fastify: 'Fastify', express: 'Express' };

export function httpBlock(results: readonly HttpResult[]): string {
  return results
    .map(
      ({ platform, algorithm, series }) =>
        `### ${PLATFORM_NAMES[platform]}, ${algorithm}\n\n${loadTable(series)}`,
    )
    .join('\n\n');
}

export const requestsPerSecond = (loads: readonly LoadResult[] = []): readonly number[] =>
  loads.map((load) => load.requestsPerSecond);

export function loadTable(series: Series<LoadResult>): string {
  const rows = [...series].map(([title, loads]) => [
    title,
    spread(requestsPerSecond(loads)),
    median(loads.map(({ p50Ms }) => p50Ms)).toFixed(2),
    median(loads.map(({ p99Ms }) => p99Ms)).toFixed(2),
  ]);
  return table(['route', 'requests a second', 'p50, ms', 'p99, ms'], rows);
}
