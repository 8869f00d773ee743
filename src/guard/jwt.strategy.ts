import passport from 'passport';
import { Strategy } from 'passport-jwt';
import { AuthError } from '../common/auth.error.js';
import { checkNoPromise } from '../common/option-checks.js';
import { SPANS } from '../telemetry/names.js';
import { withSpan } from '../telemetry/span.js';
import type {
  AccessTokenVerifier,
  VerificationNotes,
  VerifiedToken,
} from '../token/access-token-verifier.js';
import { AuthException } from './auth.exception.js';
import { traceAuthentication } from './authentication-trace.js';
import { bearerToken, isB64Token, type HttpRequest } from './bearer-token.js';
import type { ResolvedGuardOptions, Validate } from './guard.options.js';
import { requestMarks } from './per-request.js';

/** What became of the credentials of a request. */
export interface Outcome {
  /** The token, when it passed. */
  readonly verified?: VerifiedToken;
  /** The application's user, when there is one. */
  readonly user?: unknown;
  /** Why there is none: an AuthError, or what the application's hooks threw. */
  readonly error?: unknown;
  readonly notes: VerificationNotes;
}

/** What has become of a request so far. */
interface Visit {
  isTraced: boolean;
  outcome: Promise<Outcome> | undefined;
}

/** The name that passport users know. */
const COMMON_NAME = 'jwt';
let instances = 0;

/**
 * The Passport strategy: takes the bearer token out of a request and has it verified, once per request however many
 * guards stand on it. It is a `passport-jwt` strategy whose cryptography is replaced.
 *
 * Passport makes `Object.create(strategy)` for each request, so this class has no `#private` members.
 */
export class JwtStrategy extends Strategy {
  // Put in place by Passport on the object that it makes for each request.
  declare success: (user: unknown) => void;
  declare fail: (info: AuthError | number) => void;
  declare error: (error: unknown) => void;

  /** One per strategy, and nothing that other code could set. */
  private readonly visits = requestMarks<Visit>();

  constructor(
    private readonly verifier: AccessTokenVerifier,
    private readonly options: ResolvedGuardOptions,
  ) {
    super({ jwtFromRequest: () => null, secretOrKey: 'unused: authenticate() is replaced' }, () => {});
    // A name of its own: Passport's registry is one per process, and two applications in one process must not mix.
    this.name = `nestjs-jwks-auth:${(instances += 1)}`;
  }

  /** Makes the strategy known to Passport, under its own name and as `jwt`. */
  register(): void {
    passport.use(this);
    passport.use(COMMON_NAME, this);
  }

  /** Takes back what {@link register} did. */
  unregister(): void {
    passport.unuse(this.name);
    const { _strategies: registry } = passport as unknown as { _strategies?: Record<string, unknown> };
    if (registry?.[COMMON_NAME] === this) passport.unuse(COMMON_NAME);
  }

  /** Called by Passport, on an object made for this request. */
  override authenticate(request: unknown): void {
    this.trace(request as HttpRequest, () => this.userFor(request as HttpRequest)).then(
      (user) => this.success(user),
      (error: unknown) => {
        if (error instanceof AuthError && error.isRefusal) return this.fail(error);
        return this.error(error instanceof AuthError ? new AuthException(error, this.options) : error);
      },
    );
  }

  /** What became of this request's credentials: found out once. */
  outcomeOf(request: HttpRequest): Promise<Outcome> {
    const visit = this.visitOf(request);
    return (visit.outcome ??= this.judge(request));
  }

  /** Runs `run` inside the one span `jwt.authenticate` of this request. */
  trace<T>(request: HttpRequest, run: () => Promise<T>): Promise<T> {
    const visit = this.visitOf(request);
    if (visit.isTraced) return run();
    visit.isTraced = true;
    return traceAuthentication(run, () => visit.outcome);
  }

  private visitOf(request: HttpRequest): Visit {
    const known = this.visits.get(request);
    if (known !== undefined) return known;
    const visit: Visit = { isTraced: false, outcome: undefined };
    this.visits.set(request, visit);
    return visit;
  }

  /** @throws what stands in the way of a user */
  private async userFor(request: HttpRequest): Promise<unknown> {
    const { user, error } = await this.outcomeOf(request);
    if (error !== undefined) throw error;
    return user;
  }

  private async judge(request: HttpRequest): Promise<Outcome> {
    const notes: VerificationNotes = {};
    let token: string | undefined;
    try {
      token = this.tokenOf(request);
      const verified = await this.verifier.verify(token, notes);
      const { validate } = this.options;
      const user = validate === undefined ? verified.claims : await this.userOf(verified, request, validate);
      return { verified, user, notes };
    } catch (error) {
      return { error: this.reasonOf(error, token), notes };
    }
  }

  /** What is no bearer token by its characters is a malformed request, before anything else that is wrong with it. */
  private reasonOf(error: unknown, token: string | undefined): unknown {
    const isFromHeader = token !== undefined && this.options.jwtFromRequest === undefined;
    if (isFromHeader && !isB64Token(token)) return new AuthError('malformed_request');
    // Passport and Nest take what is falsy for no error.
    return error || new Error('the application refused with nothing');
  }

  private tokenOf(request: HttpRequest): string {
    const { jwtFromRequest } = this.options;
    if (jwtFromRequest === undefined) return bearerToken(request);
    const token = jwtFromRequest(request as never);
    checkNoPromise('jwtFromRequest', token, 'must return a string or null, not a promise');
    if (!token) throw new AuthError('missing_token');
    return token;
  }

  private async userOf(
    { claims, header, issuer }: VerifiedToken,
    request: HttpRequest,
    validate: Validate,
  ): Promise<unknown> {
    const user = await withSpan(SPANS.validate, {}, () => validate(claims, { request, header, issuer }));
    if (!user) throw new AuthError('user_rejected');
    return user;
  }
}
