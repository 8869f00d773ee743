import type { Acceptance } from '../token/acceptance.js';
import { inCommon } from './groups.js';
import { combineAuthentications, type RequiredAuthentication } from './required-authentication.js';
import { hasRequirements, merge, type Requirements } from './requirements.js';

/** What the requirements of a class and of its method come to. */
export interface RouteRequirements extends Requirements {
  /** False for a route without any. */
  readonly areSome: boolean;
  /** All scopes that a challenge names, separated by spaces; of alternatives the first. Undefined without any. */
  readonly scope: string | undefined;
  readonly authentication: RequiredAuthentication | undefined;
  /** True where scopes are among what the body of a request adds. */
  readonly isScopedByBody: boolean;
  /** Which tokens are good here; undefined: those that are good everywhere. */
  readonly acceptance: Acceptance | undefined;
}

/** Adds up what stands on a class and on its method. */
export function combine(ofClass: Requirements, ofMethod: Requirements): RouteRequirements {
  const all = merge(ofClass, ofMethod);
  return {
    ...all,
    areSome: hasRequirements(all),
    scope: scopeOf(all),
    isScopedByBody: false,
    authentication: combineAuthentications(all.authentications),
    acceptance: acceptanceOf(all),
  };
}

/** What a route requires, and what one request to it requires besides. Which tokens are good stays as it is. */
export const withMore = (route: RouteRequirements, more: Requirements): RouteRequirements => ({
  ...combine(route, more),
  isScopedByBody: route.isScopedByBody || more.scopes.length + more.scopeGroups.length > 0,
  acceptance: route.acceptance,
});

function scopeOf({ scopes, scopeGroups }: Requirements): string | undefined {
  const needed = new Set(scopes);
  for (const group of scopeGroups)
    if (group[0] !== undefined && !group.some((scope) => needed.has(scope))) needed.add(group[0]);
  return needed.size === 0 ? undefined : [...needed].join(' ');
}

/** By what they accept: routes that accept the same tokens share one, and so one verification of a request. */
const acceptances = new Map<string, Acceptance>();

function acceptanceOf({ audienceGroups, issuerGroups }: Requirements): Acceptance | undefined {
  const audiences = inCommon(audienceGroups);
  const issuers = inCommon(issuerGroups);
  if (audiences === undefined && issuers === undefined) return undefined;
  const key = JSON.stringify({ audiences, issuers });
  const acceptance = acceptances.get(key) ?? { audiences, issuers };
  acceptances.set(key, acceptance);
  return acceptance;
}

/**
 * @throws TypeError for requirements that no token can meet, because those of the class and of the method exclude each other
 */
export function assertSatisfiable({ authentication, acceptance, subjectKinds }: RouteRequirements): void {
  if (acceptance?.audiences?.length === 0)
    throw new TypeError('requires audiences that have nothing in common');
  if (acceptance?.issuers?.length === 0) throw new TypeError('requires issuers that have nothing in common');
  if (authentication?.acr?.length === 0)
    throw new TypeError('requires authentication contexts that have nothing in common');
  if (subjectKinds.length > 1) throw new TypeError('requires a user and a client: a token cannot be both');
}
