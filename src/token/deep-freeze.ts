import { AuthError } from '../common/auth.error.js';
import { MAX_JSON_DEPTH } from '../common/json-depth.js';

/**
 * Freezes parsed JSON all the way down, so that it can be shared between requests.
 *
 * @throws AuthError `malformed_token` when it nests deeper than 32 levels, or has a member named `__proto__`, which
 * would set a prototype in whatever copies it
 */
export function deepFreeze<T extends object>(value: T, depth = 1): T {
  if (depth > MAX_JSON_DEPTH || Object.hasOwn(value, '__proto__')) throw new AuthError('malformed_token');
  for (const name of Object.keys(value)) {
    const member: unknown = value[name as keyof T];
    if (typeof member === 'object' && member !== null) deepFreeze(member, depth + 1);
  }
  return Object.freeze(value);
}
