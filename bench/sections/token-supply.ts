import type { Familiarity } from '../contenders/contender.js';
import type { BenchIssuer } from '../processes/bench-issuer.js';

const SEEN_TOKENS = 200;

/** Tokens for rounds: the same ones every time, or new ones for each round. */
export class TokenSupply {
  private readonly seen: readonly string[];
  private fresh: readonly string[] = [];
  private round = -1;

  constructor(
    private readonly issuer: BenchIssuer,
    private readonly perRound: number,
  ) {
    const pool = issuer.tokens(Math.min(SEEN_TOKENS, perRound));
    this.seen = Array.from({ length: perRound }, (_, index) => pool[index % pool.length] ?? '');
  }

  /** The tokens of this round, for one use in each process. */
  of(familiarity: Familiarity, round: number): readonly string[] {
    if (familiarity === 'seen before') return this.seen;
    if (round !== this.round) this.fresh = this.issuer.tokens(this.perRound);
    this.round = round;
    return this.fresh;
  }
}
