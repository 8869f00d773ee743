import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { MemoryMessages } from '../processes/memory-worker.js';
import { table } from '../report/table.js';

/** Bytes. */
export interface MemoryResults {
  readonly perClaims: number;
  readonly perCachedToken: number;
  /** Of the whole process, after as many tokens again, twice. */
  readonly growthAfterBound: number;
  readonly growthUnderFlood: number;
  readonly tokens: number;
}

/** What a cached token takes, and how memory grows when the token cache is full. */
export async function measureMemory({ cachedTokens }: Plan): Promise<MemoryResults> {
  await using issuer = await BenchIssuer.start('ES256');
  await using worker = issuer.worker<MemoryMessages>('memory-worker', { nodeOptions: ['--expose-gc'] });
  const { issuer: name, audience } = issuer.facts;
  await worker.send('start', { issuer: name, audience, verifiedTokens: { max: cachedTokens } });
  const used = () => worker.send('usedBytes');
  const growth = async (run: () => Promise<unknown>): Promise<number> => {
    const before = await used();
    await run();
    return (await used()) - before;
  };
  const verify = (tokens: readonly string[]) => worker.send('verify', { tokens });
  // One-time growth and compiled code do not count.
  await verify([...issuer.tokens(cachedTokens / 10), ...issuer.forgedTokens(cachedTokens / 10)]);
  const filled = await growth(() => verify(issuer.tokens(cachedTokens * 0.9)));
  const growthAfterBound = await growth(async () => {
    await verify(issuer.tokens(cachedTokens));
    await verify(issuer.tokens(cachedTokens));
  });
  const growthUnderFlood = await growth(() => verify(issuer.forgedTokens(cachedTokens * 4)));
  const claims = await growth(() => worker.send('keepClaims', { tokens: issuer.tokens(cachedTokens) }));
  return {
    tokens: cachedTokens,
    perClaims: claims / cachedTokens,
    perCachedToken: filled / (cachedTokens * 0.9),
    growthAfterBound,
    growthUnderFlood,
  };
}

export function memoryBlock(results: MemoryResults): string {
  const { tokens, perClaims, perCachedToken, growthAfterBound, growthUnderFlood } = results;
  return table(
    ['memory', 'KB'],
    [
      ['a cached token, its claims included', kilobytes(perCachedToken)],
      ['its claims alone', kilobytes(perClaims)],
      [`the process, after ${tokens * 2} more tokens than are cached`, kilobytes(growthAfterBound, true)],
      [`the process, after a flood of ${tokens * 4} refused tokens`, kilobytes(growthUnderFlood, true)],
    ],
  );
}

const kilobytes = (bytes: number, signed = false): string =>
  `${signed && bytes >= 0 ? '+' : ''}${(bytes / 1024).toFixed(2)}`;
