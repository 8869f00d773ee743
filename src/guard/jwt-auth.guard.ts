import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthError } from '../common/auth.error.js';
import { isThenable } from '../common/thenable.js';
import { RequirementChecks, type RequirementContext } from '../requirements/requirement-checks.js';
import { answerContext } from './answer-context.js';
import { AuthException } from './auth.exception.js';
import type { Authentication } from './authentication.js';
import { Authenticator } from './authenticator.js';
import type { HttpRequest } from './transports/bearer-token.js';
import { REQUEST_RULES, type RequestRules } from './request-rules.js';
import {
  callOf,
  carrierOf,
  isUnguarded,
  isUnguardedStdio,
  refusalOf,
  transportNameOf,
} from './transports/transports.js';
import type { VerifiedToken } from '../token/access-token.js';
import { GUARD_OPTIONS, type ResolvedGuardOptions } from './guard.options.js';
import { PassportGuard } from './passport-guard.js';
import { routePolicy, type RoutePolicy } from './routes/route-policy.js';

/**
 * Lets calls with a valid access token through, over every transport, and puts the application's user on
 * `request.user`. Honours `@Public`, `@OptionalAuth` and the `@Require…` decorators of the handler.
 *
 * A subclass may override `getRequest` and `handleRequest`, as with every guard of `@nestjs/passport`, and may have a
 * constructor of its own, which calls `super()`: what the guard needs is injected into its properties.
 *
 * @throws AuthException 400, 401, 403 or 503, with its headers set on the response; over WebSocket and RPC, their own
 * exceptions
 */
@Injectable()
export class JwtAuthGuard extends PassportGuard {
  declare protected options: { defaultStrategy?: string; property?: string };

  @Inject(Authenticator) protected readonly authenticator!: Authenticator;
  @Inject(GUARD_OPTIONS) protected readonly guardOptions!: ResolvedGuardOptions;
  @Inject(RequirementChecks) protected readonly requirementChecks!: RequirementChecks;
  @Inject(REQUEST_RULES) protected readonly requestRules!: RequestRules;

  constructor() {
    // Without a name, Nest logs that a PassportModule is missing.
    super({ defaultStrategy: 'jwt' });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const route = routePolicy(context.getHandler(), context.getClass());
    if (route.access === 'public') return true;
    const { transports } = this.guardOptions;
    if (isUnguarded(context, transports) && !route.requirements.areSome) return true;
    if (isUnguardedStdio(context, transports)) return true;
    const { carrier, key, httpRequest, takeToken, acceptance } = callOf(context, transports);
    const hasRules = route.requirements.byRequest.length > 0 && context.getType() === 'http';
    const policy = hasRules ? this.requestRules.policyFor(carrier, route) : route;
    // A subclass may return one object for many calls; what is known of a call is kept on its own key.
    const request =
      this.getRequest === JwtAuthGuard.prototype.getRequest
        ? carrier
        : (this.getRequest(context) as HttpRequest);
    let verified: VerifiedToken | undefined;
    try {
      const given = this.getAuthenticateOptions(context);
      const { property = 'user' } =
        given === undefined ? this.options : { ...this.options, ...(await given) };
      await this.authenticator.authenticate(
        {
          request,
          key,
          takeToken,
          httpRequest,
          transport: transportNameOf(context),
          acceptance: policy.requirements.acceptance ?? acceptance,
        },
        (authentication) => {
          verified = authentication.verified;
          const admit = (user: unknown) => {
            (request as Record<string, unknown>)[property] = user;
            return this.checkRequirements(policy, authentication, {
              execution: context,
              request: carrier,
              key,
              user,
            });
          };
          const user = this.decide(context, authentication);
          return isThenable(user) ? user.then(admit) : admit(user);
        },
      );
      if (hasRules && verified !== undefined)
        this.requestRules.admit({
          request: carrier,
          response: context.switchToHttp().getResponse(),
          policy,
          verified,
          user: (request as Record<string, unknown>)[property],
        });
      return true;
    } catch (error) {
      throw this.answer(error, context, policy);
    }
  }

  /** What carries the user: the HTTP request, or what stands for it over another transport. */
  override getRequest(context: ExecutionContext): unknown {
    return carrierOf(context);
  }

  /**
   * Decides about an outcome, with the arguments that Passport passes: returns the user, or throws. Override it to decide
   * otherwise.
   */
  override handleRequest<TUser = unknown>(
    error: unknown,
    user: unknown,
    info: unknown,
    context: ExecutionContext,
    _status?: unknown,
  ): TUser {
    if (error) throw error;
    if (user) return user as TUser;
    const { access } = routePolicy(context.getHandler(), context.getClass());
    const isAnonymous = info instanceof AuthError && info.code === 'missing_token';
    if (access === 'optional' && isAnonymous) return undefined as TUser;
    throw info instanceof Error ? info : new AuthError('missing_token');
  }

  /** Calls `handleRequest` as Passport does: a refusal is its `info`, and an outcome that cannot be known its `error`. */
  private decide(context: ExecutionContext, { user, error }: Authentication): unknown {
    if (error === undefined) return this.handleRequest(null, user, undefined, context);
    if (error instanceof AuthError && error.isRefusal) return this.handleRequest(null, false, error, context);
    const shown = error instanceof AuthError ? new AuthException(error, this.guardOptions) : error;
    return this.handleRequest(shown, false, undefined, context);
  }

  /** Whatever `handleRequest` returned: what is required is required of a token that passed. */
  private checkRequirements(
    { access, requirements }: RoutePolicy,
    { verified, recheck }: Authentication,
    context: RequirementContext,
  ): void | Promise<void> {
    if (!requirements.areSome) return;
    if (verified === undefined) {
      if (access === 'optional') return;
      throw new AuthError('missing_token');
    }
    return this.requirementChecks.check(verified, requirements, context)?.then(recheck);
  }

  /** An AuthError in the words of the transport; what the application throws goes through unchanged. */
  private answer(error: unknown, context: ExecutionContext, { requirements }: RoutePolicy): unknown {
    const authError = error instanceof AuthException ? error.authError : error;
    if (!(authError instanceof AuthError)) return error;
    const exception = new AuthException(authError, answerContext(requirements, this.guardOptions));
    return refusalOf(exception, context, this.guardOptions.transports);
  }
}

/** Where `@UseGuards` keeps its guards: on a class, or on the function of a handler. */
const GUARDS_METADATA = '__guards__';

/** The guards that `@UseGuards` names on a class or a function: classes, or instances. */
export const guardsOn = (target: object): readonly unknown[] =>
  (Reflect.getMetadata(GUARDS_METADATA, target) as readonly unknown[] | undefined) ?? [];

/** Replaces the guards of a class or a function. */
export const setGuards = (target: object, guards: readonly unknown[]): void =>
  Reflect.defineMetadata(GUARDS_METADATA, guards, target);

/** True for JwtAuthGuard, its subclasses and their instances. */
export function isJwtAuthGuard(guard: unknown): boolean {
  if (typeof guard !== 'function') return guard instanceof JwtAuthGuard;
  return guard === JwtAuthGuard || guard.prototype instanceof JwtAuthGuard;
}

/** True for this guard and its subclasses, but for one with a `canActivate` of its own, which may need no credentials. */
export function namesCredentials(guard: unknown): boolean {
  const { canActivate } = JwtAuthGuard.prototype;
  const own = typeof guard === 'function' ? (guard.prototype as unknown) : guard;
  return isJwtAuthGuard(guard) && (own as JwtAuthGuard).canActivate === canActivate;
}

/** False for an instance that was made with `new`, which lacks what Nest injects. */
export const isInjected = (guard: unknown): boolean =>
  !(guard instanceof JwtAuthGuard) ||
  Object.hasOwn(guard, 'canActivate') ||
  (guard as unknown as { authenticator?: unknown }).authenticator !== undefined;
