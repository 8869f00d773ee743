import {
  Inject,
  Injectable,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { containsAll, hasRequirements } from '../../requirements/requirements.js';
import { guardsOn, isInjected, isJwtAuthGuard, namesCredentials, setGuards } from '../jwt-auth.guard.js';
import {
  accessOf,
  contradiction,
  contradicts,
  declarationOf,
  decoratorOf,
  methodsOf,
  prototypesOf,
  requirementsOf,
  type Access,
  type Declaration,
  type Method,
} from './route-policy.js';

type Module = ModulesContainer extends Map<string, infer One> ? One : never;
type Wrapper = Module['controllers'] extends Map<unknown, infer One> ? One : never;

/** A class that Nest makes instances of. */
interface NestClass {
  readonly module: Module;
  readonly metatype: Type;
  readonly wrapper: Wrapper;
}

/** All controllers and providers that are classes: where handlers are. */
export function classesIn(modules: ModulesContainer): NestClass[] {
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values(), ...module.providers.values()].flatMap((wrapper) => {
      const { metatype, isNotMetatype } = wrapper;
      const isClass = !isNotMetatype && typeof metatype === 'function' && metatype.prototype !== undefined;
      return isClass ? [{ module, wrapper: wrapper as Wrapper, metatype: metatype as Type }] : [];
    }),
  );
}

/** What marks a handler of @nestjs/graphql that no guard reaches without `fieldResolverEnhancers: ['guards']`. */
const REFERENCE_RESOLVER = 'graphql:resolve_reference';
const FIELD_RESOLVERS = ['graphql:resolve_property', REFERENCE_RESOLVER];
/** What marks a gateway, and its methods that Nest calls without guards. */
const GATEWAY = 'websockets:is_gateway';
const GATEWAY_HOOKS: readonly (string | symbol)[] = ['afterInit', 'handleConnection', 'handleDisconnect'];
/** What `@GrpcStreamCall` says of its handler. */
const PATTERN = 'microservices:pattern';
const STREAM_CALL = 'pt_stream';

/**
 * Ends the start where what is declared does not hold: Nest reads guards and requirements from the function that it
 * calls, and other decorators, constructors and subclasses put other functions there.
 *
 * @throws TypeError that names the handler, or the class
 */
@Injectable()
export class RouteAudit implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  onModuleInit(): void {
    this.run();
  }

  /** Once more: microservices that are connected from now on take their handlers from the instances as they are now. */
  onApplicationBootstrap(): void {
    this.run();
  }

  private run(): void {
    const globalGuards = this.config.getGlobalGuards();
    const isEverywhere = globalGuards.some(isJwtAuthGuard);
    assertInjected(globalGuards);
    const graphs = graphsIn(this.modules);
    for (const { module, metatype, wrapper } of classesIn(this.modules)) {
      const isStatic = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
      const instance: unknown = isStatic ? wrapper.instance : undefined;
      const ofClass = graphs.filter(({ modules }) => modules.has(module));
      const guardsFields = ofClass.length > 0 && ofClass.every((graph) => graph.guardsFields);
      new ClassAudit(metatype, instance as object | undefined, isEverywhere, guardsFields).run();
    }
  }
}

/** One GraphQLModule, of which an application may have several: whose resolvers it calls, and whether guards reach fields. */
interface Graph {
  readonly modules: ReadonlySet<Module>;
  readonly guardsFields: boolean;
}

/** The options of @nestjs/graphql that are read. */
interface GraphOptions {
  /** Only resolvers of these modules, and of those that they import; all by default. */
  readonly include?: readonly unknown[];
  readonly fieldResolverEnhancers?: readonly string[];
}

function graphsIn(container: ModulesContainer): Graph[] {
  const all = [...container.values()];
  return all.flatMap(({ providers }) => {
    const options = providers.get('GqlModuleOptions')?.instance as GraphOptions | undefined;
    if (options === undefined || options === null) return [];
    const { include = [], fieldResolverEnhancers } = options;
    const modules = new Set(
      include.length === 0 ? all : all.filter(({ metatype }) => include.includes(metatype)),
    );
    for (const module of modules) for (const imported of module.imports) modules.add(imported);
    return [{ modules, guardsFields: fieldResolverEnhancers?.includes('guards') === true }];
  });
}

/** The audit of one class. */
class ClassAudit {
  private readonly prototypes: readonly object[];

  constructor(
    private readonly metatype: Type,
    /** Undefined where there is one for each request. */
    private readonly instance: object | undefined,
    private readonly isEverywhere: boolean,
    private readonly guardsFields: boolean,
  ) {
    this.prototypes = prototypesOf(metatype.prototype);
  }

  run(): void {
    assertInjected(guardsOn(this.metatype));
    this.auditClass();
    const guarded = methodsOf(this.metatype.prototype).filter((method) => this.auditMethod(method));
    if (this.instance === undefined && guarded.length > 0) refuseUnknownHandlers(this.metatype);
  }

  /** Nest takes guards from the class (12) or from the constructor of the instance (11), and calls the guard with either. */
  private auditClass(): void {
    const constructor: unknown = this.metatype.prototype.constructor;
    const asked = new Set<object>([this.metatype, constructor as object]);
    const declared = this.prototypes.flatMap((prototype) => declarationOf(prototype) ?? []);
    const nearest = declared.find(({ access }) => access !== undefined)?.access;
    for (const one of asked) {
      const isCarried = declared.every((declaration) => carries(one, { ...declaration, access: undefined }));
      if (!isCarried || (nearest !== undefined && accessOf(one) !== nearest))
        throw lost(this.metatype.name, 'class');
    }
    if (asked.size > 1 && !saysTheSame(this.metatype, constructor as object))
      throw lost(this.metatype.name, 'class');
  }

  /** Returns whether the guard has to run for this method. */
  private auditMethod(method: Method): boolean {
    const { name, handler, prototype } = method;
    const where = `${this.metatype.name}.${String(name)}`;
    const own = declarationOf(prototype, name);
    const asks = own !== undefined && hasRequirements(own.requirements);
    const overridden = asks ? undefined : this.overriddenBy(method);
    const isNamed = guardsOn(handler).some(isJwtAuthGuard);
    const isConcerned = own !== undefined || overridden !== undefined || isNamed;
    // Nothing else of an instance is touched: it may be a proxy that does something on each access.
    const called = isConcerned ? this.calledAs(name, handler) : handler;
    if (own !== undefined && !carries(called, own)) throw lost(where, 'method');
    if (isNamed && !guardsOn(called).some(isJwtAuthGuard)) throw lost(where, 'method');
    if (overridden !== undefined) assertOverrides(where, called, overridden);
    assertInjected(guardsOn(called));
    this.assertNoContradiction(where, called, prototype);
    const isGuarded = isConcerned && accessOf(called) !== 'public';
    if (isGuarded) this.assertReached(where, called, name);
    else this.assertClassHolds(where, called);
    return isGuarded;
  }

  private calledAs(name: string | symbol, handler: object): object {
    const called = this.instance === undefined ? handler : (Reflect.get(this.instance, name) as unknown);
    return typeof called === 'function' ? called : {};
  }

  /** What was declared of the method that this one overrides. */
  private overriddenBy({ name, prototype }: Method): Declaration | undefined {
    const bases = this.prototypes.slice(this.prototypes.indexOf(prototype) + 1);
    return bases
      .map((base) => declarationOf(base, name))
      .find((declared) => declared !== undefined && hasRequirements(declared.requirements));
  }

  private assertNoContradiction(where: string, called: object, prototype: object): void {
    const own = accessOf(called);
    if (own !== undefined && contradicts(own, requirementsOf(this.metatype))) throw contradiction(where, own);
    if (hasRequirements(requirementsOf(called))) return;
    const isNamed = guardsOn(called).some(namesCredentials);
    if (own === 'public' && isNamed) throw named(where, own);
    const access = accessOf(this.metatype);
    if (own !== undefined || access === undefined) return;
    if (isNamed) throw named(where, access);
    this.assertMeant(where, called, prototype, access);
  }

  /** A handler that is open by its class: by the class that it stands in, and without a guard named on that class. */
  private assertMeant(where: string, called: object, prototype: object, access: Access): void {
    const opened = this.prototypes.findIndex((one) => declarationOf(one)?.access !== undefined);
    const until = access === 'public' ? opened : opened - 1;
    for (const { constructor } of this.prototypes.slice(0, until + 1)) {
      const inherited = guardsOn(Object.getPrototypeOf(constructor) as object).filter(namesCredentials);
      if (guardsOn(constructor).filter(namesCredentials).length > inherited.length)
        throw named(constructor.name, access);
    }
    const isGuarded = this.isEverywhere || guardsOn(this.metatype).some(isJwtAuthGuard);
    if (isGuarded && isHandler(called) && this.prototypes.indexOf(prototype) < opened)
      throw new TypeError(
        `${where} is open by the ${decoratorOf(access)} of a base class: repeat it on ${this.metatype.name} or on the method`,
      );
  }

  /**
   * What stands on the class, or on every route, holds for this method too. References count as routes: anyone reaches
   * them through `_entities`. Other fields are reached through a resolver with a guard, and count where the class requires
   * something, since that resolver may be another class's.
   */
  private assertClassHolds(where: string, called: object): void {
    if ((accessOf(called) ?? accessOf(this.metatype)) === 'public') return;
    if (!this.isEverywhere && !guardsOn(this.metatype).some(isJwtAuthGuard)) return;
    const isRequired = hasRequirements(requirementsOf(this.metatype));
    this.assertFieldsGuarded(where, called, isRequired ? FIELD_RESOLVERS : [REFERENCE_RESOLVER]);
    assertNoStreamCall(where, called);
  }

  private assertReached(where: string, called: object, name: string | symbol): void {
    if (GATEWAY_HOOKS.includes(name) && Reflect.hasMetadata(GATEWAY, this.metatype))
      throw new TypeError(`${where} is called by Nest for a connection, without guards: put it on messages`);
    this.assertFieldsGuarded(where, called, FIELD_RESOLVERS);
    assertNoStreamCall(where, called);
  }

  private assertFieldsGuarded(where: string, called: object, kinds: readonly string[]): void {
    if (kinds.some((key) => Reflect.hasMetadata(key, called)) && !this.guardsFields)
      throw new TypeError(
        `${where} is a field resolver, which no guard reaches without fieldResolverEnhancers: ['guards']`,
      );
  }
}

/** @throws TypeError for a `@GrpcStreamCall`: whatever a guard refuses there ends the process, as a rejection that is not handled */
export function assertNoStreamCall(where: string, handler: object): void {
  const patterns: unknown = Reflect.getMetadata(PATTERN, handler);
  const isStreamCall = (pattern: { streaming?: unknown } | null) => pattern?.streaming === STREAM_CALL;
  if (Array.isArray(patterns) && patterns.some(isStreamCall))
    throw new TypeError(`${where} is a @GrpcStreamCall, which no guard can refuse: use @GrpcStreamMethod`);
}

/** @throws TypeError for a method that overrides one with requirements and has no decorator to say what holds now */
function assertOverrides(where: string, called: object, overridden: Declaration): void {
  const access = accessOf(called);
  if (access !== undefined && contradicts(access, overridden.requirements))
    throw contradiction(where, access);
  if (!isHandler(called) || guardsOn(called).some(isJwtAuthGuard) || carries(called, overridden)) return;
  throw new TypeError(
    `${where} overrides a method with @Require…, and says nothing itself: repeat its decorators`,
  );
}

/** True when metadata says what was declared, and brings the guard for it. */
function carries(target: object, { access, requirements }: Declaration): boolean {
  const isOpen = access === 'public' || (access === undefined && !hasRequirements(requirements));
  return (
    (access === undefined || accessOf(target) === access) &&
    (isOpen || guardsOn(target).some(isJwtAuthGuard)) &&
    containsAll(requirementsOf(target), requirements)
  );
}

const saysTheSame = (a: object, b: object): boolean =>
  accessOf(a) === accessOf(b) &&
  containsAll(requirementsOf(a), requirementsOf(b)) &&
  containsAll(requirementsOf(b), requirementsOf(a));

/** What Nest calls has metadata of Nest. */
const isHandler = (called: object): boolean => Reflect.getMetadataKeys(called).length > 0;

const lost = (where: string, what: 'class' | 'method'): TypeError =>
  new TypeError(
    `${where} would be called without what its decorators declare: something put another ${what} in its place (a decorator, the constructor, a proxy)`,
  );

const named = (where: string, access: Access): TypeError =>
  new TypeError(`${where} is ${decoratorOf(access)} and names JwtAuthGuard: it cannot be both`);

/** @throws TypeError for a guard that was made without Nest */
function assertInjected(guards: readonly unknown[]): void {
  const bare = guards.find((guard) => !isInjected(guard)) as object | undefined;
  if (bare === undefined) return;
  const { name } = bare.constructor;
  throw new TypeError(`${name} was made without Nest: name the class, as in @UseGuards(${name})`);
}

/** The handlers that were audited: those of instances that do not exist yet. */
const audited = new WeakSet<object>();

/** Stands on classes that have an instance for each request: its functions cannot be audited at start. */
const AUDITED_ONLY: CanActivate = {
  canActivate(context: ExecutionContext): boolean {
    if (audited.has(context.getHandler())) return true;
    throw lost(`${context.getClass().name}.${context.getHandler().name}`, 'method');
  },
};

function refuseUnknownHandlers(metatype: Type): void {
  for (const { handler } of methodsOf(metatype.prototype)) audited.add(handler);
  for (const one of new Set<object>([metatype, metatype.prototype.constructor])) {
    const guards = guardsOn(one);
    if (!guards.includes(AUDITED_ONLY)) setGuards(one, [AUDITED_ONLY, ...guards]);
  }
}
