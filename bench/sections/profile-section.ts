import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { CpuMessages } from '../processes/cpu-worker.js';
import type { Profile } from '../processes/profile.js';
import { table } from '../report/table.js';

/** Where the time of a token that was never seen goes, on RS256. */
export async function measureProfile({ cpuRequests, cpuRounds, cpuWarmUpRounds }: Plan): Promise<Profile> {
  await using issuer = await BenchIssuer.start('RS256');
  await using worker = issuer.worker<CpuMessages>('cpu-worker');
  await worker.send('start', { name: 'own', issuer: issuer.facts });
  for (let round = 0; round < cpuWarmUpRounds; round += 1)
    await worker.send('check', { tokens: issuer.tokens(cpuRequests) });
  return await worker.send('profile', { tokens: issuer.tokens(cpuRequests * cpuRounds) });
}

export function profileBlock(profile: Profile): string {
  const parts = Object.entries(profile).toSorted(([, a], [, b]) => b - a);
  const total = parts.reduce((sum, [, ms]) => sum + ms, 0);
  const reference = profile['`crypto.verify`'] ?? NaN;
  return table(
    ['what the thread was in', 'of its time', 'of `crypto.verify`'],
    parts.map(([part, ms]) => [
      part,
      `${((100 * ms) / total).toFixed(1)} %`,
      `${(ms / reference).toFixed(3)} ×`,
    ]),
  );
}
