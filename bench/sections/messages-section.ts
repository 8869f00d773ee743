import { CONTENDERS } from '../contenders/contenders.js';
import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { GatewayMessages } from '../processes/gateway-worker.js';
import { spread } from '../report/statistics.js';
import { table } from '../report/table.js';
import { inRounds, type Series } from './rounds.js';

/** How many clients are connected; their messages alternate. */
const CLIENTS = 200;

/** Microseconds of CPU for each message on a connection, through `canActivate`. */
export async function measureMessages(plan: Plan): Promise<Series<number>> {
  await using issuer = await BenchIssuer.start('RS256');
  await using workers = new AsyncDisposableStack();
  const rows = (['yes', 'own'] as const).map(async (name) => {
    const worker = workers.use(issuer.worker<GatewayMessages>('gateway-worker'));
    const tokens = issuer.tokens(Math.min(CLIENTS, plan.cpuRequests));
    await worker.send('connect', { issuer: issuer.facts, tokens });
    const measure = () => worker.send('check', { guardedBy: name, times: plan.cpuRequests });
    return { title: CONTENDERS[name].title, measure };
  });
  return await inRounds(plan.cpuRounds, plan.cpuWarmUpRounds, await Promise.all(rows));
}

export const messagesBlock = (series: Series<number>): string =>
  table(
    ['a guarded message', 'µs of CPU'],
    [...series].map(([title, costs]) => [title, spread(costs)]),
  );
