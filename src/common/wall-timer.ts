import type { Clock } from './clock.js';

/** The longest wait, in milliseconds: a wall clock that was set, or a machine that slept, is noticed within it. */
export const LONGEST_WAIT_MS = 60_000;

/**
 * Calls `run` once when the wall clock has reached `atMs`, in milliseconds since 1970, and never before this returns;
 * returns what cancels it.
 */
export function atWallTime(clock: Clock, atMs: number, run: () => void): () => void {
  let cancel: () => void;
  const wait = (): void => {
    const leftMs = Math.max(atMs - clock.wallNow(), 0);
    cancel = clock.after(Math.min(leftMs, LONGEST_WAIT_MS), () => {
      if (clock.wallNow() >= atMs) run();
      else wait();
    });
  };
  wait();
  return () => cancel();
}
