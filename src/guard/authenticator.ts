import { IncomingMessage } from 'node:http';
import { AuthError } from '../common/auth.error.js';
import { checkNoPromise } from '../common/option-checks.js';
import { isThenable } from '../common/thenable.js';
import { SPANS } from '../telemetry/names.js';
import { withSpan } from '../telemetry/span.js';
import type { AccessTokenVerifier } from '../token/access-token-verifier.js';
import type { VerificationInfo, VerifiedToken } from '../token/access-token.js';
import { traceAuthentication } from './authentication-trace.js';
import type { Authentication } from './authentication.js';
import { bearerToken, isB64Token, type HttpRequest } from './bearer-token.js';
import type { ResolvedGuardOptions, Validate } from './guard.options.js';
import { perRequest } from './per-request.js';

/** What has been done for a request so far, and what it holds for. */
interface RequestState {
  /** What the token was looked for in. */
  readonly request: HttpRequest;
  readonly headers: HttpRequest['headers'];
  readonly authorization: string | undefined;
  /** The token that `jwtFromRequest` found. */
  token: string | undefined;
  isTraced: boolean;
  authentication: Promise<Authentication> | undefined;
}

/** Authenticates a request: takes its token, verifies it, and has the application validate the claims. */
export class Authenticator {
  private readonly requests = perRequest<RequestState>();

  constructor(
    private readonly verifier: AccessTokenVerifier,
    private readonly options: ResolvedGuardOptions,
  ) {}

  /**
   * Authenticates a request, once however many guards stand on it, and passes the outcome to `decide`: all inside the
   * one span `jwt.authenticate` of this request. The outcome is kept on `message`, which lives as long as one HTTP
   * request, and holds for the same credentials in the same object alone.
   */
  authenticate<T>(
    request: HttpRequest,
    decide: (authentication: Authentication) => T | PromiseLike<T>,
    message: object = messageOf(request) ?? {},
  ): Promise<T> {
    const state = this.stateOf(request, message);
    const once = () => (state.authentication ??= this.judge(state));
    if (state.isTraced) return once().then(decide);
    state.isTraced = true;
    return traceAuthentication(once, decide);
  }

  private stateOf(request: HttpRequest, message: object): RequestState {
    const known = this.requests.get(message);
    if (known !== undefined && this.isFor(known, request)) return known;
    const { headers } = request;
    const state: RequestState = {
      request,
      headers,
      authorization: headers?.authorization,
      token: undefined,
      isTraced: false,
      authentication: undefined,
    };
    // A new object, never a changed one: whoever waits for the former outcome still gets that one.
    if (known === undefined) this.requests.set(message, state);
    else this.requests.replace(message, state);
    return state;
  }

  private isFor(state: RequestState, request: HttpRequest): boolean {
    const { headers } = request;
    if (state.request !== request || state.headers !== headers) return false;
    if (this.options.jwtFromRequest === undefined) return state.authorization === headers?.authorization;
    return state.authentication === undefined || state.token === this.findToken(request);
  }

  private findToken(request: HttpRequest): string | undefined {
    try {
      return this.tokenOf(request);
    } catch {
      return undefined;
    }
  }

  private async judge(state: RequestState): Promise<Authentication> {
    const { request } = state;
    const info: VerificationInfo = {};
    let token: string | undefined;
    try {
      token = this.tokenOf(request);
      if (this.options.jwtFromRequest !== undefined) state.token = token;
      const verified = await this.verifier.verify(token, info);
      const { validate } = this.options;
      if (validate === undefined) return { verified, user: verified.claims, info };
      const { user, wasWaitedFor } = await validated(verified, request, validate);
      if (wasWaitedFor) await this.verifier.recheck(token, info);
      return { verified, user, info };
    } catch (error) {
      return { error: this.reasonOf(error, token), info };
    }
  }

  private tokenOf(request: HttpRequest): string {
    const { jwtFromRequest } = this.options;
    if (jwtFromRequest === undefined) return bearerToken(request);
    const token = jwtFromRequest(request as never);
    checkNoPromise('jwtFromRequest', token, 'must return a string or null, not a promise');
    if (!token) throw new AuthError('missing_token');
    return token;
  }

  /** A token with other characters than those of a b64token is a malformed request, whatever else is wrong with it. */
  private reasonOf(error: unknown, token: string | undefined): unknown {
    const isFromHeader = token !== undefined && this.options.jwtFromRequest === undefined;
    if (isFromHeader && !isB64Token(token)) return new AuthError('malformed_request');
    // Passport and Nest take a falsy error for none.
    return error || new Error('the application refused with nothing');
  }
}

/** Node's own request, of Express and Fastify alike; undefined for an object that an application made. */
export const messageOf = (request: HttpRequest): object | undefined =>
  request.raw ?? (request instanceof IncomingMessage ? request : undefined);

/** The user that `validate` makes of the claims, and whether time has passed meanwhile. */
async function validated(
  { claims, header, issuer }: VerifiedToken,
  request: HttpRequest,
  validate: Validate,
): Promise<{ user: unknown; wasWaitedFor: boolean }> {
  let wasWaitedFor = false;
  const user = await withSpan(SPANS.validate, {}, () => {
    const answer = validate(claims, { request, header, issuer });
    wasWaitedFor = isThenable(answer);
    return answer;
  });
  if (!user) throw new AuthError('user_rejected');
  return { user, wasWaitedFor };
}
