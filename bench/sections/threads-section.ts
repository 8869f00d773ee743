import type { ContenderName } from '../contenders/contenders.js';
import type { Plan } from '../plan.js';
import { titleOf } from './cpu-section.js';
import { HttpBench, loadTable, type HttpResult } from './http-section.js';
import { inRounds } from './rounds.js';

/** Those that check signatures on libuv's threads, and so depend on how many there are. */
const THREADED = [
  'signatureOnThreads',
  'ownInThreadPool',
  'jose',
] as const satisfies readonly ContenderName[];
const SYNCHRONOUS = ['signature', 'own'] as const satisfies readonly ContenderName[];

/** Signatures checked on the thread that serves requests, or on libuv's threads, over Fastify. */
export async function measureThreads(plan: Plan): Promise<readonly HttpResult[]> {
  const results: HttpResult[] = [];
  for (const algorithm of plan.algorithms) {
    await using bench = await HttpBench.start(algorithm, 'fastify', plan.httpRequests);
    const row = (name: ContenderName, threads?: number) => {
      const entry = { name, familiarity: 'never seen' } as const;
      const title = threads === undefined ? titleOf(entry) : `${titleOf(entry)}, ${threads} threads`;
      return bench.row(
        title,
        entry,
        threads === undefined ? {} : { env: { UV_THREADPOOL_SIZE: String(threads) } },
      );
    };
    const rows = await Promise.all([
      ...SYNCHRONOUS.map((name) => row(name)),
      ...THREADED.flatMap((name) => plan.threadPoolSizes.map((threads) => row(name, threads))),
    ]);
    results.push({
      platform: 'fastify',
      algorithm,
      series: await inRounds(plan.httpRounds, plan.httpWarmUpRounds, rows),
    });
  }
  return results;
}

export const threadsBlock = (results: readonly HttpResult[]): string =>
  results.map(({ algorithm, series }) => `### ${algorithm}\n\n${loadTable(series)}`).join('\n\n');
