import type { PolicyClass } from '../../requirements/access-policy.js';
import { claimRules, type RequiredRouteClaims } from '../../requirements/claim-rules.js';
import {
  requiredAuthentication,
  type AuthenticationOptions,
} from '../../requirements/required-authentication.js';
import { isScope } from '../../requirements/scope-hierarchy.js';
import { requiring } from './declaring.js';

type RouteDecorator = ClassDecorator & MethodDecorator;

/**
 * The token must grant all of these scopes, else 403 `insufficient_scope` (RFC 6750 §3.1). Brings the guard with it, as all
 * of these decorators do; adds to what stands on the class.
 *
 * @throws TypeError that names the class and the method, as all of these decorators do, for no scope, or one that RFC 6749
 * §3.3 does not allow
 */
export const RequireScopes = (...scopes: string[]): RouteDecorator =>
  requiring('@RequireScopes', () => ({ scopes: checkedScopes(scopes) }));

/** The token must grant all of these permissions, else 403 `insufficient_permission`. */
export const RequirePermissions = (...permissions: string[]): RouteDecorator =>
  requiring('@RequirePermissions', () => ({ permissions: checkedNames(permissions) }));

/** The token must grant one of these roles, else 403 `insufficient_role`; what stands on the class must be met as well. */
export const RequireRoles = (...roles: string[]): RouteDecorator =>
  requiring('@RequireRoles', () => ({ roleGroups: [checkedNames(roles)] }));

/**
 * The token must grant one of these scopes, else 403 `insufficient_scope`, whose challenge names the first (RFC 6750
 * §3.1).
 *
 * @throws TypeError for no scope, or one that RFC 6749 §3.3 does not allow
 */
export const RequireAnyScope = (...scopes: string[]): RouteDecorator =>
  requiring('@RequireAnyScope', () => ({
    scopeGroups: [checkedScopes(scopes)],
  }));

/**
 * The claims must be these, else 403 `insufficient_claims`. Each is found by its name, or by a path (`realm_access.roles`).
 *
 * @throws TypeError for no claim, or one of which nothing possible is required
 */
export const RequireClaims = (claims: RequiredRouteClaims): RouteDecorator =>
  requiring('@RequireClaims', () => ({ claims: claimRules(claims) }));

/**
 * A policy of the application must allow the call, else 403 `forbidden_by_policy`. Nest provides the policy, from whatever
 * module; a class that none provides is a TypeError at start.
 *
 * @param options are passed to `allows`
 */
export function RequirePolicy<O>(
  policy: PolicyClass<O>,
  ...[options]: undefined extends O ? [options?: O] : [options: O]
): RouteDecorator {
  return requiring('@RequirePolicy', () => {
    if (typeof policy !== 'function') throw new TypeError('needs a class, which is not defined here yet');
    return { policies: [{ policy: policy as PolicyClass, options }] };
  });
}

/** The token must speak for a user (`subjectKind`), else 403 `wrong_subject_kind`. */
export const RequireUser = (): RouteDecorator =>
  requiring('@RequireUser', () => ({ subjectKinds: ['user'] }));

/** The token must speak for a client itself (`subjectKind`, RFC 6749 §4.4), else 403 `wrong_subject_kind`. */
export const RequireClient = (): RouteDecorator =>
  requiring('@RequireClient', () => ({ subjectKinds: ['client'] }));

/**
 * The user must have authenticated in one of these contexts (`acr`), and not longer ago (`auth_time`), else 401
 * `insufficient_user_authentication`, whose challenge names both (RFC 9470 §3). A token without the claim is refused.
 *
 * @throws TypeError without `acr` and `maxAgeMs`, or where they are wrong
 */
export const RequireAuthentication = (authentication: AuthenticationOptions): RouteDecorator =>
  requiring('@RequireAuthentication', () => ({ authentications: [requiredAuthentication(authentication)] }));

/**
 * The token must be meant for one of these audiences (RFC 7519 §4.1.3), else 401 `wrong_audience`: some of `audience`, or
 * of `furtherAudiences`, which are good only where they are named. Of class and method, what they have in common.
 *
 * @throws TypeError for none; at start for one that is not configured
 */
export const RequireAudience = (...audiences: string[]): RouteDecorator =>
  requiring('@RequireAudience', () => ({
    audienceGroups: [checkedNames(audiences)],
  }));

/**
 * The token must come from one of these issuers, else 401 `unknown_issuer`. Of class and method, what they have in common.
 *
 * @throws TypeError for none; at start for one that is not configured
 */
export const RequireIssuer = (...issuers: string[]): RouteDecorator =>
  requiring('@RequireIssuer', () => ({ issuerGroups: [checkedNames(issuers)] }));

function checkedScopes(scopes: readonly string[]): readonly string[] {
  const bad = checkedNames(scopes).find((scope) => !isScope(scope));
  if (bad === undefined) return scopes;
  throw new TypeError(`needs scopes (RFC 6749 §3.3): ${JSON.stringify(bad)} is not one scope`);
}

function checkedNames(names: readonly string[]): readonly string[] {
  if (names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')) return names;
  throw new TypeError('needs one or more non-empty strings');
}
