import { AsyncLocalStorage } from 'node:async_hooks';

/** Time, as the key policy uses it: injected, so that tests reach every state without sleeping. */
export interface Clock {
  /** Monotonic time in milliseconds. Ages are counted by it. */
  now(): number;
  /** Wall-clock time in milliseconds since 1970. */
  wallNow(): number;
  /**
   * Calls `run` once after `delayMs`, or after {@link LONGEST_DELAY_MS} if that comes first; returns what cancels it.
   * The process stays alive for it only with `keepsProcessAlive`.
   */
  after(delayMs: number, run: () => void, keepsProcessAlive?: boolean): () => void;
}

/** The longest that a timer of Node can wait, in milliseconds (24.8 days); a longer one would end at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** Runs a function outside of any request: a timer keeps the asynchronous context that sets it. */
const outside = AsyncLocalStorage.snapshot();

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(delayMs, run, keepsProcessAlive = false) {
    const timer = outside(() => setTimeout(run, Math.min(delayMs, LONGEST_DELAY_MS)));
    if (!keepsProcessAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};
