import type { Shot } from './load.js';

/** What one scenario did to one contender. */
export interface Outcome {
  /** Part of the requests during the scenario that were accepted, 0 to 1. */
  readonly accepted: number;
  /** How many of them waited over 200 ms for their response. */
  readonly waited: number;
  /** How many of them had no response at the end. */
  readonly incomplete: number;
  /** How many requests that was. */
  readonly sent: number;
  /** Requests to the issuer, from the expiry of the keys to the end. */
  readonly fetches: number;
  /** Milliseconds from the end of the fault until every request was accepted; Infinity when that did not happen. */
  readonly recoveryMs: number;
}

/** What counts as waiting. */
export const WAITED_MS = 200;

/**
 * Sums up the requests of one run: those sent between `from` and `to` met the fault, those after `to` show the recovery.
 */
export function outcomeOf(shots: readonly Shot[], from: number, to: number, fetches: number): Outcome {
  const during = shots.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  const after = shots.filter(({ sentAt }) => sentAt >= to);
  const wait = ({ sentAt, completedAt = Infinity }: Shot): number => completedAt - sentAt;
  const lastRefused = after.findLastIndex(({ status }) => status !== 200);
  const firstGood = after[lastRefused + 1];
  return {
    accepted: during.filter(({ status }) => status === 200).length / during.length,
    waited: during.filter((shot) => wait(shot) > WAITED_MS).length,
    incomplete: during.filter(({ completedAt }) => completedAt === undefined).length,
    sent: during.length,
    fetches,
    recoveryMs: lastRefused === -1 ? 0 : firstGood === undefined ? Infinity : firstGood.sentAt - to,
  };
}
