import { badOption, checkMembers, checkStrings } from '../common/option-checks.js';

/** What a scope implies: `{ files: ['files:read', 'files:write'] }`. */
export type ScopeImplications = Readonly<Record<string, readonly string[]>>;

/** For a scope, all others that imply it, directly or through others. */
export type BroaderScopes = ReadonlyMap<string, ReadonlySet<string>>;

/** Where no scope implies another. */
export const NO_HIERARCHY: BroaderScopes = new Map();

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** True for one scope (RFC 6749 §3.3). */
export const isScope = (value: unknown): value is string =>
  typeof value === 'string' && SCOPE_TOKEN.test(value);

/**
 * Turns implications around.
 *
 * @throws TypeError that names the member which is wrong
 */
export function resolveScopeImplies(given: ScopeImplications): BroaderScopes {
  checkMembers('scopeImplies', given, Object.keys(given ?? {}));
  const broader = new Map<string, Set<string>>();
  for (const [scope, narrower] of Object.entries(given)) {
    const name = `scopeImplies.${scope}`;
    if (!isScope(scope)) throw badOption(name, 'must be named by one scope');
    if (!Array.isArray(narrower) || !checkStrings(name, narrower).every(isScope))
      throw badOption(name, 'must be a non-empty array of scopes');
    for (const one of impliedBy(scope, given)) broader.set(one, (broader.get(one) ?? new Set()).add(scope));
  }
  return broader;
}

/** What a scope implies, directly or through others; without itself. */
function impliedBy(scope: string, implications: ScopeImplications): ReadonlySet<string> {
  const implied = new Set([scope]);
  for (const one of implied)
    if (Object.hasOwn(implications, one)) for (const next of implications[one] ?? []) implied.add(next);
  implied.delete(scope);
  return implied;
}

/** True when a scope is granted, or another that implies it. */
export function isGranted(granted: ReadonlySet<string>, scope: string, broader: BroaderScopes): boolean {
  if (granted.has(scope)) return true;
  for (const one of broader.get(scope) ?? []) if (granted.has(one)) return true;
  return false;
}
