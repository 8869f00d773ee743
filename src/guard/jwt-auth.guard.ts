import { Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { AuthError } from '../common/auth.error.js';
import { AuthException } from './auth.exception.js';
import type { Authentication } from './authentication.js';
import { Authenticator } from './authenticator.js';
import type { HttpRequest } from './bearer-token.js';
import { checkGrants } from './grants.js';
import { GUARD_OPTIONS, type ResolvedGuardOptions } from './guard.options.js';
import { routePolicy, type RoutePolicy } from './route-policy.js';

/** The part of a response that is used, of Express and Fastify alike. */
interface HttpResponse {
  header(name: string, value: string): unknown;
}

/**
 * Lets requests with a valid access token through, and puts the application's user on `request.user`. Honours
 * `@Public`, `@OptionalAuth` and the `@Require…` decorators of the route.
 *
 * A subclass may override `getRequest` and `handleRequest`, as with every guard of `@nestjs/passport`.
 *
 * @throws AuthException 400, 401, 403 or 503, with its headers set on the response
 */
@Injectable()
export class JwtAuthGuard extends AuthGuard() {
  declare protected options: { defaultStrategy?: string; property?: string };

  constructor(
    @Inject(Authenticator) protected readonly authenticator: Authenticator,
    @Inject(GUARD_OPTIONS) protected readonly guardOptions: ResolvedGuardOptions,
  ) {
    // Without a name, Nest logs that a PassportModule is missing.
    super({ defaultStrategy: 'jwt' });
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    assertHttp(context);
    const policy = routePolicy(context.getHandler(), context.getClass());
    if (policy.access === 'public') return true;
    const request = this.getRequest(context) as HttpRequest;
    try {
      const given = this.getAuthenticateOptions(context);
      const { property = 'user' } =
        given === undefined ? this.options : { ...this.options, ...(await given) };
      await this.authenticator.authenticate(request, (authentication) => {
        const admit = (user: unknown) => {
          (request as Record<string, unknown>)[property] = user;
          this.checkRequirements(policy, authentication);
        };
        const user = this.decide(context, authentication);
        return isThenable(user) ? user.then(admit) : admit(user);
      });
      return true;
    } catch (error) {
      throw this.answer(error, context, policy);
    }
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

  /** Calls `handleRequest` as Passport does: a refusal is its `info`, and an outcome that nobody can know its `error`. */
  private decide(context: ExecutionContext, { user, error }: Authentication): unknown {
    if (error === undefined) return this.handleRequest(null, user, undefined, context);
    if (error instanceof AuthError && error.isRefusal) return this.handleRequest(null, false, error, context);
    const shown = error instanceof AuthError ? new AuthException(error, this.guardOptions) : error;
    return this.handleRequest(shown, false, undefined, context);
  }

  /** Whatever `handleRequest` returned: grants are those of a token that passed. */
  private checkRequirements({ requirements }: RoutePolicy, { verified }: Authentication): void {
    const { scopes, permissions, roleGroups } = requirements;
    if (scopes.length + permissions.length + roleGroups.length === 0) return;
    if (verified === undefined) throw new AuthError('missing_token');
    checkGrants(verified.claims, requirements, this.guardOptions.claims);
  }

  /** An HttpException has no headers, so they are set here. */
  private answer(error: unknown, context: ExecutionContext, { requirements }: RoutePolicy): unknown {
    const authError = error instanceof AuthException ? error.authError : error;
    if (!(authError instanceof AuthError)) return error;
    const { realm } = this.guardOptions;
    const exception = new AuthException(authError, { realm, scope: requirements.scopes.join(' ') });
    const response = context.switchToHttp().getResponse<HttpResponse>();
    for (const [name, value] of Object.entries(exception.headers)) response.header(name, value);
    return exception;
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** Only HTTP is guarded: anything else is refused, never let through. */
function assertHttp(context: ExecutionContext): void {
  const type = context.getType<string>();
  if (type === 'http') return;
  const where = `${context.getClass().name}.${context.getHandler().name}`;
  throw new Error(`JwtAuthGuard guards HTTP routes; ${where} is called over "${type}"`);
}
