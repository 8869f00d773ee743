import type { CanActivate } from '@nestjs/common';
import { contextOf } from './guarded-request.js';

/** As many requests are under way at once as a busy server has. */
const IN_FLIGHT = 16;

/** A request that is ready to be checked. */
export type Check = () => boolean | Promise<boolean>;

/** The request that carries this token, ready to be checked by this guard. */
export function checkBy(guard: CanActivate, token: string): Check {
  const context = contextOf(token);
  return () => guard.canActivate(context) as boolean | Promise<boolean>;
}

/** Of the requests of a round, those that come first and do not count: V8 throws away code that has not run for long. */
const WARM_UP_SHARE = 0.2;

/**
 * Microseconds of CPU, of all threads, that it takes to check a request with one of these tokens. Requests are made
 * just before they are checked, as a server does, and outside of the measured time. The first ones do not count. After
 * `limitMs` no more are begun.
 *
 * @throws Error when one of them is refused
 */
export async function costOf(
  tokens: readonly string[],
  prepare: (token: string) => Check,
  limitMs = Infinity,
): Promise<number> {
  const warmUp = Math.floor(tokens.length * WARM_UP_SHARE);
  await costOfAll(tokens.slice(0, warmUp), prepare, limitMs * WARM_UP_SHARE);
  return await costOfAll(tokens.slice(warmUp), prepare, limitMs);
}

async function costOfAll(
  tokens: readonly string[],
  prepare: (token: string) => Check,
  limitMs: number,
): Promise<number> {
  const deadline = performance.now() + limitMs;
  let total = 0;
  let checked = 0;
  while (checked < tokens.length && performance.now() < deadline) {
    const checks = tokens.slice(checked, checked + IN_FLIGHT).map(prepare);
    const before = process.cpuUsage();
    const admitted = await Promise.all(checks.map((check) => check()));
    const { user, system } = process.cpuUsage(before);
    if (!admitted.every((one) => one)) throw new Error('a valid token was refused');
    total += user + system;
    checked += checks.length;
  }
  return total / checked;
}
