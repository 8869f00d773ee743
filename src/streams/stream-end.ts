import type { ExecutionContext } from '@nestjs/common';
import { systemClock, type Clock } from '../common/clock.js';
import type { Authenticator } from '../guard/authenticator.js';
import type { ResolvedGuardOptions } from '../guard/guard.options.js';
import { routePolicy } from '../guard/routes/route-policy.js';
import { keyOf } from '../guard/transports/transports.js';

/** The longest wait, in milliseconds: a wall clock that was set is noticed within it. */
const LONGEST_WAIT_MS = 60_000;

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

  /** Calls `run` once when the wall clock has reached `end`, never before it returns; returns what cancels it. */
  at(end: number, run: () => void): () => void {
    let cancel: () => void;
    const wait = (): void => {
      const leftMs = Math.max(end - this.clock.wallNow(), 0);
      cancel = this.clock.after(Math.min(leftMs, LONGEST_WAIT_MS), () => {
        if (this.clock.wallNow() >= end) run();
        else wait();
      });
    };
    wait();
    return () => cancel();
  }
}
