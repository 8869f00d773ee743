import { AuthError } from '../common/auth.error.js';
import type { AccessTokenClaims } from '../token/access-token.js';
import { ownValue } from '../token/claim-path.js';
import { inCommon } from './groups.js';
import { isScope } from './scope-hierarchy.js';

/** How the user must have authenticated (RFC 9470). */
export interface AuthenticationOptions {
  /** The authentication contexts (`acr`) of which one is needed, the preferred one first. */
  readonly acr?: string | readonly string[];
  /** How long ago the user may have authenticated (`auth_time`), in milliseconds, one second or more. */
  readonly maxAgeMs?: number;
}

/** {@link AuthenticationOptions}, checked. */
export interface RequiredAuthentication {
  readonly acr: readonly string[] | undefined;
  readonly maxAgeMs: number | undefined;
}

/** @throws TypeError for what is missing or wrong */
export function requiredAuthentication(given: unknown): RequiredAuthentication {
  const { acr, maxAgeMs, ...rest } = (given ?? {}) as AuthenticationOptions;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new TypeError(`has an unknown member ${JSON.stringify(unknown)}`);
  if (acr === undefined && maxAgeMs === undefined) throw new TypeError('needs acr, maxAgeMs or both');
  const contexts = acr === undefined ? undefined : [acr].flat();
  if (contexts !== undefined && (contexts.length === 0 || !contexts.every(isScope)))
    throw new TypeError('needs as acr one or more strings without spaces and quotes');
  if (maxAgeMs !== undefined && !(Number.isSafeInteger(maxAgeMs) && maxAgeMs >= 1_000))
    throw new TypeError('needs as maxAgeMs an integer of 1000 or more, in milliseconds');
  return { acr: contexts, maxAgeMs };
}

/** All of them together: the contexts that they have in common, the shortest age; undefined without any. */
export function combineAuthentications(
  all: readonly RequiredAuthentication[],
): RequiredAuthentication | undefined {
  if (all.length === 0) return undefined;
  const ages = all.flatMap(({ maxAgeMs }) => maxAgeMs ?? []);
  return {
    acr: inCommon(all.flatMap(({ acr }) => (acr === undefined ? [] : [acr]))),
    maxAgeMs: ages.length === 0 ? undefined : Math.min(...ages),
  };
}

/**
 * Whether the user authenticated as is required: `acr` and `auth_time` (RFC 9068 §2.2.1). One that is missing is not good
 * enough.
 *
 * @throws AuthError `invalid_claim` for an `auth_time` in the future
 */
export function isAuthenticatedAs(
  claims: AccessTokenClaims,
  { acr, maxAgeMs }: RequiredAuthentication,
  nowMs: number,
  toleranceMs: number,
): boolean {
  if (acr !== undefined && !acr.includes(ownValue(claims, 'acr') as string)) return false;
  if (maxAgeMs === undefined) return true;
  const authTime = ownValue(claims, 'auth_time');
  if (typeof authTime !== 'number' || !Number.isFinite(authTime)) return false;
  if (authTime * 1_000 > nowMs + toleranceMs)
    throw new AuthError('invalid_claim', { claim: 'auth_time', requirement: 'authentication' });
  return nowMs - authTime * 1_000 <= maxAgeMs;
}
