import type { ExecutionContext } from '@nestjs/common';
import { systemClock, type Clock } from '../common/clock.js';
import { atWallTime } from '../common/wall-timer.js';
import type { Authenticator } from '../guard/authenticator.js';
import type { ResolvedGuardOptions } from '../guard/guard.options.js';
import { routePolicy } from '../guard/routes/route-policy.js';
import { keyOf } from '../guard/transports/transports.js';

/** When the token of a call ends. */
export class StreamEnd {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly options: ResolvedGuardOptions,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * When the token of this call ends: `exp` and the clock tolerance, in milliseconds since 1970. Undefined for a call
   * that was let through without a token.
   */
  async of(context: ExecutionContext): Promise<number | undefined> {
    const { access, requirements } = routePolicy(context.getHandler(), context.getClass());
    if (access === 'public') return undefined;
    const outcome = this.authenticator.outcomeOf(keyOf(context), requirements.acceptance);
    const { verified } = (await outcome) ?? {};
    return verified && verified.claims.exp * 1_000 + this.options.clockToleranceMs;
  }

  /** Calls `run` once at this end; returns what cancels it. */
  at(end: number, run: () => void): () => void {
    return atWallTime(this.clock, end, run);
  }
}
