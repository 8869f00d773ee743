import passport from 'passport';
import { Strategy } from 'passport-jwt';
import { AuthError } from '../common/auth.error.js';
import { AuthException } from '../guard/auth.exception.js';
import type { Authenticator } from '../guard/authenticator.js';
import type { HttpRequest } from '../guard/bearer-token.js';
import type { ResolvedGuardOptions } from '../guard/guard.options.js';

/** The name that users of Passport expect. */
const COMMON_NAME = 'jwt';
let instances = 0;

/**
 * The `passport-jwt` strategy of this library, an adapter of the {@link Authenticator} to Passport. A refusal is Passport's
 * `fail`, so that the next strategy of a list is tried; keys that are unavailable are its `error`.
 *
 * Passport calls `authenticate` on an `Object.create` of the strategy for each request, so this class has no `#private`
 * members.
 */
export class JwtStrategy extends Strategy {
  // Passport sets these on the object that it creates for each request.
  declare success: (user: unknown) => void;
  declare fail: (info: AuthError | number) => void;
  declare error: (error: unknown) => void;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly options: ResolvedGuardOptions,
  ) {
    super({ jwtFromRequest: () => null, secretOrKey: 'unused: authenticate() is overridden' }, () => {});
    // A name of its own: Passport's registry is one per process, and two applications in a process must not mix.
    this.name = `nestjs-jwks-auth:${(instances += 1)}`;
  }

  /** Registers the strategy with Passport, under its own name and as `jwt`. */
  register(): void {
    passport.use(this);
    passport.use(COMMON_NAME, this);
  }

  /** Undoes {@link register}. */
  unregister(): void {
    passport.unuse(this.name);
    const { _strategies: registry } = passport as unknown as { _strategies?: Record<string, unknown> };
    if (registry?.[COMMON_NAME] === this) passport.unuse(COMMON_NAME);
  }

  override authenticate(request: unknown): void {
    const decided = this.authenticator.authenticate(request as HttpRequest, ({ user, error }) => {
      if (error !== undefined) throw error;
      return user;
    });
    decided.then(
      (user) => this.success(user),
      (error: unknown) => {
        if (!(error instanceof AuthError)) return this.error(error);
        return error.isRefusal ? this.fail(error) : this.error(new AuthException(error, this.options));
      },
    );
  }
}
