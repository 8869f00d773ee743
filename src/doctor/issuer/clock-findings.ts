import { KEY_POLICY } from '../../keys/key-policy.js';
import type { Examination } from '../examination.js';
import { error, ok, warning, type Finding } from '../finding.js';
import { duration } from '../words.js';

/** As much as `clockToleranceMs` can allow. */
const MAX_TOLERANCE_MS = 120_000;

/** The clock of this machine beside that of the issuer. Beyond what can be tolerated, new tokens are refused by it alone. */
export function clockFindings({ skewMs, token }: Examination, isVerified: boolean): readonly Finding[] {
  if (skewMs === undefined) return [];
  if (Math.abs(skewMs) <= KEY_POLICY.clockSkewMs)
    return [ok('clock', 'the clocks of this machine and of the issuer agree')];
  const hasToken = token?.claims !== undefined;
  const isFatal = Math.abs(skewMs) > MAX_TOLERANCE_MS && !isVerified && !hasToken;
  return [(isFatal ? error : warning)('clock_differs', clockDifference(skewMs), SET_THE_CLOCK)];
}

export const SET_THE_CLOCK =
  'Set the clock by NTP, here or at the issuer, whichever is wrong; containers and virtual machines take that of their host, and may fall behind after a pause.';

export const clockDifference = (skewMs: number): string =>
  `the clock of this machine is ${duration(skewMs)} ${skewMs > 0 ? 'ahead of' : 'behind'} the issuer's (by its Date header)`;
