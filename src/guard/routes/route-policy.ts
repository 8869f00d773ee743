import 'reflect-metadata';
import {
  hasRequirements,
  merge,
  NO_REQUIREMENTS,
  requiresToken,
  type Requirements,
} from '../../requirements/requirements.js';
import { combine, type RouteRequirements } from '../../requirements/route-requirements.js';

/** How a route, or a class of routes, stands to authentication. */
export type Access = 'public' | 'optional';

/** What the guard must know of a route. */
export interface RoutePolicy {
  /** Undefined: credentials are needed. */
  readonly access: Access | undefined;
  readonly requirements: RouteRequirements;
}

/** What decorators declared of a class, or of a method of it. */
export interface Declaration {
  readonly access: Access | undefined;
  readonly requirements: Requirements;
}

/** What a decorator stands on: a class, or a method, with the prototype and the name by which it is called. */
export interface Place {
  /** The class, or the function. */
  readonly target: object;
  readonly prototype: object;
  /** Undefined for a class. */
  readonly method: string | symbol | undefined;
  /** Names it in errors. */
  readonly where: string;
}

type Target = object;

const ACCESS = Symbol('nestjs-jwks-auth access');
const REQUIREMENTS = Symbol('nestjs-jwks-auth requirements');

/**
 * What was declared, by prototype and name (undefined for the class itself): unlike the metadata of a function, it
 * stays when another decorator or a constructor puts another function into its place.
 */
const declarations = new WeakMap<object, Map<string | symbol | undefined, Declaration>>();

/** What was declared of the class with this prototype, or of its own method of this name. */
export const declarationOf = (prototype: object, method?: string | symbol): Declaration | undefined =>
  declarations.get(prototype)?.get(method);

/** What the metadata of a class or a function says; metadata of a class is inherited. */
export const accessOf = (target: Target): Access | undefined =>
  Reflect.getMetadata(ACCESS, target) as Access | undefined;
export const requirementsOf = (target: Target): Requirements =>
  (Reflect.getMetadata(REQUIREMENTS, target) as Requirements | undefined) ?? NO_REQUIREMENTS;

/** Declares a handler, or all handlers of a class, public or optional. */
export function declareAccess(access: Access, place: Place): void {
  Reflect.defineMetadata(ACCESS, access, place.target);
  record(place, { access, requirements: NO_REQUIREMENTS });
}

/** Adds requirements to a handler or a class. */
export function declareRequirements(requirements: Requirements, place: Place): void {
  Reflect.defineMetadata(REQUIREMENTS, merge(requirementsOf(place.target), requirements), place.target);
  record(place, { access: undefined, requirements });
}

function record({ target, prototype, method, where }: Place, { access, requirements }: Declaration): void {
  const ofClass = declarations.get(prototype) ?? new Map<string | symbol | undefined, Declaration>();
  const before = ofClass.get(method);
  const declared: Declaration = {
    access: access ?? before?.access,
    requirements: merge(before?.requirements ?? NO_REQUIREMENTS, requirements),
  };
  declarations.set(prototype, ofClass.set(method, declared));
  if (declared.access !== undefined && contradicts(declared.access, declared.requirements))
    throw contradiction(where, declared.access);
  assertNoContradiction(target, where);
}

/**
 * A requirement must be enforced: no `@Public` or `@OptionalAuth` beside or under one that it {@link contradicts}.
 *
 * @throws TypeError that names the handler
 */
function assertNoContradiction(target: Target, where: string): void {
  const requirements = requirementsOf(target);
  if (!hasRequirements(requirements)) return;
  const own = accessOf(target);
  if (own !== undefined && contradicts(own, requirements)) throw contradiction(where, own);
  for (const { name, handler } of methodsOf((target as { prototype?: unknown }).prototype)) {
    const access = accessOf(handler);
    if (access !== undefined && contradicts(access, requirements))
      throw contradiction(`${where}.${String(name)}`, access);
  }
}

/** `@Public` contradicts every requirement, `@OptionalAuth` those that no request without a token can meet. */
export const contradicts = (access: Access, requirements: Requirements): boolean =>
  access === 'public' ? hasRequirements(requirements) : requiresToken(requirements);

/** The TypeError for a handler, or a class, that is open and requires something. */
export const contradiction = (where: string, access: Access): TypeError =>
  new TypeError(`${where} is ${decoratorOf(access)} and @Require…: it cannot be both`);

/** How a user writes it. */
export const decoratorOf = (access: Access): string => (access === 'public' ? '@Public' : '@OptionalAuth');

/** A method of instances. */
export interface Method {
  readonly name: string | symbol;
  readonly handler: object;
  /** The prototype that has it. */
  readonly prototype: object;
}

/** The prototypes of an instance of a class, its own first. */
export function prototypesOf(prototype: unknown): object[] {
  const prototypes: object[] = [];
  for (let one = prototype; isPrototype(one); one = Object.getPrototypeOf(one)) prototypes.push(one);
  return prototypes;
}

const isPrototype = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && value !== Object.prototype;

/** The methods of instances of a class, by its prototype: inherited ones too, but for those that are overridden. */
export function methodsOf(prototype: unknown): Method[] {
  const seen = new Set<string | symbol>(['constructor']);
  return prototypesOf(prototype).flatMap((one) => {
    const names = Reflect.ownKeys(one).filter((name) => !seen.has(name));
    names.forEach((name) => seen.add(name));
    return names.flatMap((name) => {
      const handler: unknown = Object.getOwnPropertyDescriptor(one, name)?.value;
      return typeof handler === 'function' ? [{ name, handler, prototype: one }] : [];
    });
  });
}

const cache = new WeakMap<Target, WeakMap<Target, RoutePolicy>>();

/** The policy of a route: what stands on the method beats what stands on the class, requirements add up. */
export function routePolicy(handler: Target, controller: Target): RoutePolicy {
  const known = cache.get(handler)?.get(controller);
  if (known !== undefined) return known;
  const ofHandler = requirementsOf(handler);
  const requirements = combine(requirementsOf(controller), ofHandler);
  const own = accessOf(handler);
  // A @Require… on the method beats a @Public on its class.
  const declared = hasRequirements(ofHandler) ? own : (own ?? accessOf(controller));
  const access = declared !== undefined && contradicts(declared, requirements) ? undefined : declared;
  const policy: RoutePolicy = { access, requirements };
  const policies = cache.get(handler) ?? new WeakMap<Target, RoutePolicy>();
  cache.set(handler, policies.set(controller, policy));
  return policy;
}
