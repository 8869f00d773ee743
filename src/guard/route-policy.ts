import 'reflect-metadata';

/** What a token must grant for a route. */
export interface Requirements {
  /** All are needed. */
  readonly scopes: readonly string[];
  /** All are needed. */
  readonly permissions: readonly string[];
  /** Of each group, one role is needed. */
  readonly roleGroups: readonly (readonly string[])[];
}

/** How a route, or a class of routes, stands to authentication. */
export type Access = 'public' | 'optional';

/** What the guard must know of a route. */
export interface RoutePolicy {
  /** Undefined: credentials are needed. */
  readonly access: Access | undefined;
  readonly requirements: Requirements;
}

type Target = object;

const ACCESS = Symbol('nestjs-jwks-auth access');
const REQUIREMENTS = Symbol('nestjs-jwks-auth requirements');
const NONE: Requirements = { scopes: [], permissions: [], roleGroups: [] };

const accessOf = (target: Target): Access | undefined =>
  Reflect.getMetadata(ACCESS, target) as Access | undefined;
const requirementsOf = (target: Target): Requirements =>
  (Reflect.getMetadata(REQUIREMENTS, target) as Requirements | undefined) ?? NONE;
const asksForGrants = (target: Target): boolean => requirementsOf(target) !== NONE;

const add = (a: Requirements, b: Requirements): Requirements => ({
  scopes: [...new Set([...a.scopes, ...b.scopes])],
  permissions: [...new Set([...a.permissions, ...b.permissions])],
  roleGroups: [...a.roleGroups, ...b.roleGroups],
});

/** Declares a handler, or all handlers of a class, public or optional. `where` names it in errors. */
export function declareAccess(access: Access, target: Target, where: string): void {
  Reflect.defineMetadata(ACCESS, access, target);
  assertNoContradiction(target, where);
}

/** Adds requirements to a handler or a class. `where` names it in errors. */
export function declareRequirements(requirements: Requirements, target: Target, where: string): void {
  Reflect.defineMetadata(REQUIREMENTS, add(requirementsOf(target), requirements), target);
  assertNoContradiction(target, where);
}

/**
 * A requirement must be enforced: no `@Public` or `@OptionalAuth` beside or under a `@Require…`.
 *
 * @throws TypeError that names the handler
 */
function assertNoContradiction(target: Target, where: string): void {
  if (!asksForGrants(target)) return;
  const open = [[where, target] as const, ...handlersOf(target, where)].find(
    ([, one]) => accessOf(one) !== undefined,
  );
  if (open === undefined) return;
  const [name, one] = open;
  throw new TypeError(
    `${name} is @${accessOf(one) === 'public' ? 'Public' : 'OptionalAuth'} and @Require…: it cannot be both`,
  );
}

/** The methods of a class, inherited ones included; nothing for a method. */
function handlersOf(target: Target, where: string): [string, Target][] {
  const handlers: [string, Target][] = [];
  let prototype: unknown = (target as { prototype?: unknown }).prototype;
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function') handlers.push([`${where}.${name}`, value as Target]);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return handlers;
}

const cache = new WeakMap<Target, WeakMap<Target, RoutePolicy>>();

/** The policy of a route: what stands on the method beats what stands on the class, requirements add up. */
export function routePolicy(handler: Target, controller: Target): RoutePolicy {
  const known = cache.get(handler)?.get(controller);
  if (known !== undefined) return known;
  const requirements = add(requirementsOf(controller), requirementsOf(handler));
  // A @Require… on the method beats a @Public on its class.
  const access = asksForGrants(handler) ? undefined : (accessOf(handler) ?? accessOf(controller));
  const policy: RoutePolicy = { access, requirements };
  const ofHandler = cache.get(handler) ?? new WeakMap<Target, RoutePolicy>();
  cache.set(handler, ofHandler.set(controller, policy));
  return policy;
}
