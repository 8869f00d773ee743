import { LONGEST_DELAY_MS } from '../common/clock.js';
import { checkMembers, checkNumber, withoutUndefined } from '../common/option-checks.js';

/** How revocations are kept and shared. */
export interface RevocationOptions {
  /**
   * How long a revocation is kept, in milliseconds: at least as long as an access token lives.
   *
   * @default 86_400_000 (24 hours)
   */
  readonly keepMs?: number;
  /**
   * How often a process reads from `keys.store` what the others have revoked, in milliseconds.
   *
   * @default 2_000
   */
  readonly pollMs?: number;
}

/** {@link RevocationOptions} with the defaults filled in. */
export type ResolvedRevocationOptions = Required<RevocationOptions>;

/** What holds unless the options say otherwise. */
export const REVOCATION_DEFAULTS: ResolvedRevocationOptions = { keepMs: 24 * 60 * 60 * 1_000, pollMs: 2_000 };
const MINUTE = 60_000;
const THIRTY_DAYS = 30 * 24 * 60 * MINUTE;

/**
 * Fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveRevocationOptions(given: RevocationOptions = {}): ResolvedRevocationOptions {
  checkMembers('revocations', given, Object.keys(REVOCATION_DEFAULTS));
  const options = { ...REVOCATION_DEFAULTS, ...withoutUndefined(given) };
  checkNumber('revocations.keepMs', options.keepMs, MINUTE, THIRTY_DAYS);
  checkNumber('revocations.pollMs', options.pollMs, 100, LONGEST_DELAY_MS);
  return options;
}
