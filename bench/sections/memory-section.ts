import type { Plan } from '../plan.js';
import { BenchIssuer } from '../processes/bench-issuer.js';
import type { MemoryQuestions } from '../processes/memory-worker.js';
import { table } from '../report/table.js';

/** Bytes. */
export interface MemoryResults {
  readonly perClaims: number;
  readonly perRememberedToken: number;
  /** Of the whole process, after as many tokens again, twice. */
  readonly growthAfterBound: number;
  readonly growthUnderFlood: number;
  readonly tokens: number;
}

/** What a remembered token takes, and what happens to memory when no more are remembered. */
export async function measureMemory({ rememberedTokens }: Plan): Promise<MemoryResults> {
  await using issuer = await BenchIssuer.start('ES256');
  await using worker = issuer.worker<MemoryQuestions>('memory-worker', { nodeOptions: ['--expose-gc'] });
  const { issuer: name, audience } = issuer.facts;
  await worker.ask('start', { issuer: name, audience, verifiedTokens: { max: rememberedTokens } });
  const used = () => worker.ask('usedBytes');
  const growth = async (run: () => Promise<unknown>): Promise<number> => {
    const before = await used();
    await run();
    return (await used()) - before;
  };
  const verify = (tokens: readonly string[]) => worker.ask('verify', { tokens });
  // What is compiled and grown once is not counted.
  await verify([...issuer.tokens(rememberedTokens / 10), ...issuer.forgedTokens(rememberedTokens / 10)]);
  const filled = await growth(() => verify(issuer.tokens(rememberedTokens * 0.9)));
  const growthAfterBound = await growth(async () => {
    await verify(issuer.tokens(rememberedTokens));
    await verify(issuer.tokens(rememberedTokens));
  });
  const growthUnderFlood = await growth(() => verify(issuer.forgedTokens(rememberedTokens * 4)));
  const claims = await growth(() => worker.ask('keepClaims', { tokens: issuer.tokens(rememberedTokens) }));
  return {
    tokens: rememberedTokens,
    perClaims: claims / rememberedTokens,
    perRememberedToken: filled / (rememberedTokens * 0.9),
    growthAfterBound,
    growthUnderFlood,
  };
}

export function memoryBlock(results: MemoryResults): string {
  const { tokens, perClaims, perRememberedToken, growthAfterBound, growthUnderFlood } = results;
  return table(
    ['memory', 'KB'],
    [
      ['a remembered token, its claims included', kilobytes(perRememberedToken)],
      ['its claims alone', kilobytes(perClaims)],
      [`the process, after ${tokens * 2} more tokens than are remembered`, kilobytes(growthAfterBound, true)],
      [`the process, after a flood of ${tokens * 4} refused tokens`, kilobytes(growthUnderFlood, true)],
    ],
  );
}

const kilobytes = (bytes: number, signed = false): string =>
  `${signed && bytes >= 0 ? '+' : ''}${(bytes / 1024).toFixed(2)}`;
