import { Inject, Injectable, Scope, type ExecutionContext } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import type { AccessTokenClaims } from '../token/access-token.js';

/** Who is about to be let through. */
export interface PolicySubject {
  /** What `validate` returned; without it the claims. */
  readonly user: unknown;
  readonly claims: AccessTokenClaims;
  /** The configured issuer. */
  readonly issuer: string;
  /** How the handler is called: `http`, or another type of Nest's execution context. */
  readonly transport: string;
}

/** A rule of the application, which `@RequirePolicy` names and Nest provides. */
export interface AccessPolicy<O = undefined> {
  /**
   * Returns whether the handler may be called; only true lets through. Called once for each call of a handler, before its
   * pipes: parameters are what the client sent. What it throws goes through unchanged.
   *
   * @param options of the decorator
   */
  allows(subject: PolicySubject, context: ExecutionContext, options: O): boolean | Promise<boolean>;
}

/** A class that Nest provides, or an abstract class that stands for one. */
export type PolicyClass<O = never> = abstract new (...args: never[]) => AccessPolicy<O>;

/** A policy, and the options that one decorator gives it. */
export interface PolicyUse {
  readonly policy: PolicyClass;
  readonly options: unknown;
}

type ContextId = ReturnType<typeof ContextIdFactory.create>;

/** Finds the policies of the application, in whatever module they are. */
@Injectable()
export class AccessPolicies {
  private readonly found = new Map<PolicyClass, AccessPolicy<unknown> | typeof PER_REQUEST>();
  private readonly contextIds = new WeakMap<object, ContextId>();

  constructor(@Inject(ModuleRef) private readonly moduleRef: ModuleRef) {}

  /**
   * Finds a policy that every request shares, or that there is one for each.
   *
   * @throws TypeError for a class that no module provides, or without `allows`
   */
  find(policy: PolicyClass): AccessPolicy<unknown> | typeof PER_REQUEST {
    const known = this.found.get(policy);
    if (known !== undefined) return known;
    const found = this.scopeOf(policy) === Scope.DEFAULT ? this.instanceOf(policy) : PER_REQUEST;
    this.found.set(policy, found);
    return found;
  }

  /** The policy for one request: the same one for all, or the one of this request if it is request-scoped. */
  get(
    policy: PolicyClass,
    request: unknown,
    key: object,
  ): AccessPolicy<unknown> | Promise<AccessPolicy<unknown>> {
    const found = this.find(policy);
    if (found !== PER_REQUEST) return found;
    return this.moduleRef.resolve(policy as never, this.contextIdOf(request, key), { strict: false });
  }

  private scopeOf(policy: PolicyClass): Scope | undefined {
    try {
      return this.moduleRef.introspect(policy as never).scope;
    } catch {
      throw new TypeError(`${policy.name} is not a provider of any module`);
    }
  }

  private instanceOf(policy: PolicyClass): AccessPolicy<unknown> {
    const instance: AccessPolicy<unknown> = this.moduleRef.get(policy as never, { strict: false });
    if (typeof instance?.allows === 'function') return instance;
    throw new TypeError(`${policy.name} is no AccessPolicy: it has no method "allows"`);
  }

  /** What Nest keeps the instances of a request by: its own where the handler is request-scoped, else one of ours. */
  private contextIdOf(request: unknown, key: object): ContextId {
    const known = this.contextIds.get(key);
    if (known !== undefined) return known;
    const contextId = ContextIdFactory.getByRequest(request as object);
    if (contextId !== ContextIdFactory.getByRequest(request as object))
      this.moduleRef.registerRequestByContextId(request, contextId);
    this.contextIds.set(key, contextId);
    return contextId;
  }
}

/** In place of a policy that has an instance for each request. */
const PER_REQUEST = Symbol('nestjs-jwks-auth policy per request');
