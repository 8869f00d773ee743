import type { HttpAdapterHost } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import passport from 'passport';
import { Strategy as PassportJwtStrategy } from 'passport-jwt';
import { AuthError } from '../common/auth.error.js';
import { AuthException } from '../guard/auth.exception.js';
import type { Authenticator, Credentialed } from '../guard/authenticator.js';
import type { HttpRequest } from '../guard/transports/bearer-token.js';
import type { ResolvedGuardOptions } from '../guard/guard.options.js';
import { errorOf, failRequest } from './fail-request.js';
import { sharedName } from './shared-name.js';

/** Without the types of passport-jwt, which would bring those of Express into every application. */
interface PassportStrategy {
  name: string;
  authenticate(request: unknown, options?: unknown): void;
}

type StrategyClass = new (options: object, verify: () => void) => PassportStrategy;

const Strategy = PassportJwtStrategy as unknown as StrategyClass;

/**
 * The `passport-jwt` strategy of this library, an adapter of the {@link Authenticator} to Passport. A refusal is Passport's
 * `fail`, so that the next strategy of a list is tried; keys that are unavailable are its `error`.
 *
 * Passport calls `authenticate` on an `Object.create` of the strategy for each request, so this class has no `#private`
 * members.
 */
export class JwtStrategy extends Strategy {
  // Passport sets these on the object that it creates for each request. They return what the application's callback does.
  declare success: (user: unknown) => unknown;
  declare fail: (info: AuthError | number) => unknown;
  declare error: (error: unknown) => unknown;
  private leave: (() => void) | undefined;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly options: ResolvedGuardOptions,
  ) {
    super({ jwtFromRequest: () => null, secretOrKey: 'unused: authenticate() is overridden' }, () => {});
    // A name of its own: Passport's registry is one per process, and two applications in a process must not mix.
    this.name = `nestjs-jwks-auth:${randomUUID()}`;
  }

  /**
   * Registers the strategy with Passport: under its own name, and as `jwt` for the requests of this application.
   *
   * @param host the HTTP server of this application
   */
  register(host: HttpAdapterHost): void {
    passport.use(this);
    this.leave ??= sharedName.join(this, host);
  }

  /** Undoes {@link register}. */
  unregister(): void {
    passport.unuse(this.name);
    this.leave?.();
    this.leave = undefined;
  }

  override authenticate(request: unknown): void {
    const decided = this.authenticator.authenticate(callOf(request as HttpRequest), ({ user, error }) => {
      if (error !== undefined) throw error;
      return user;
    });
    decided
      .then(
        (user) => this.success(user),
        (error: unknown) => this.refuse(error),
      )
      // What the application's callback throws is Passport's error, and that goes to the same callback.
      .catch((thrown: unknown) => this.error(errorOf(thrown)))
      .catch((thrown: unknown) => failRequest(request, thrown));
  }

  private refuse(error: unknown): unknown {
    if (!(error instanceof AuthError)) return this.error(errorOf(error));
    return error.isRefusal ? this.fail(error) : this.error(new AuthException(error, this.options));
  }
}

/** A request of Express or Fastify. Of an object that an application made, the outcome is not kept. */
function callOf(request: HttpRequest): Credentialed {
  const key = request.raw ?? (request instanceof IncomingMessage ? request : {});
  return { request, key, transport: 'http', httpRequest: request };
}
