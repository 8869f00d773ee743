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

/** The clock of this process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(delayMs, run, keepsProcessAlive = false) {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_DELAY_MS));
    detach(timer);
    if (!keepsProcessAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Where the versions of Node keep the asynchronous context of a timer. */
const CONTEXT = /contextFrame|resourceStore|asyncLocalStorage/i;

/**
 * Takes a timer out of the asynchronous context that set it, so that it neither keeps a request alive nor goes on in it.
 * `AsyncLocalStorage.snapshot()` would be the context of the first import of this file, which may be a request as well, and
 * Jest would report it as an open handle.
 */
function detach(timer: NodeJS.Timeout): void {
  for (const member of Object.getOwnPropertySymbols(timer)) {
    if (CONTEXT.test(member.description ?? '')) Object.assign(timer, { [member]: undefined });
  }
}
