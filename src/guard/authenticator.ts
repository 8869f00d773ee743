import { AuthError } from '../common/auth.error.js';
import { checkNoPromise } from '../common/option-checks.js';
import { isThenable } from '../common/thenable.js';
import { SPANS, type TransportName } from '../telemetry/names.js';
import { withSpan } from '../telemetry/span.js';
import type { AccessTokenVerifier } from '../token/access-token-verifier.js';
import type { Acceptance } from '../token/acceptance.js';
import type { VerificationInfo, VerifiedToken } from '../token/access-token.js';
import { traceAuthentication } from './authentication-trace.js';
import type { Authentication } from './authentication.js';
import { bearerToken, isB64Token, type HttpRequest } from './transports/bearer-token.js';
import type { ResolvedGuardOptions, Validate } from './guard.options.js';
import { perRequest } from './per-request.js';
import { RefusalLog } from './refusal-log.js';

/** What is authenticated: an HTTP request, or a call over another transport. */
export interface Credentialed {
  /** What the token is looked for in, and `validate` receives. */
  readonly request: HttpRequest;
  /** What the outcome is kept on: it lives as long as what is authenticated once. */
  readonly key: object;
  readonly transport: TransportName;
  /** The HTTP request that it is, or that opened its connection; undefined where there is none. */
  readonly httpRequest?: unknown;
  /** Which tokens are accepted by what is called; undefined: those that are accepted everywhere. */
  readonly acceptance?: Acceptance | undefined;
  /** Takes the token where it is not found in the request as over HTTP. */
  readonly takeToken?: (() => string) | undefined;
}

/** What has been done for a call so far, and what it holds for. */
interface CallState {
  readonly call: Credentialed;
  readonly headers: HttpRequest['headers'];
  readonly authorization: string | undefined;
  /** The token that was found elsewhere than by the Authorization header. */
  token: string | undefined;
  isTraced: boolean;
  authentication: Promise<Authentication> | undefined;
  /** Of handlers that accept other tokens and belong to the same call, as the fields of a GraphQL operation may. */
  readonly others: readonly CallState[];
}

const NO_STATES: readonly CallState[] = [];

/** Authenticates a call: takes its token, verifies it, and has the application validate the claims. */
export class Authenticator {
  private readonly states = perRequest<CallState>();

  constructor(
    private readonly verifier: AccessTokenVerifier,
    private readonly options: ResolvedGuardOptions,
    private readonly refusals = new RefusalLog(),
  ) {}

  /**
   * Authenticates a call, once however many guards stand on it, and passes the outcome to `decide`: all inside the
   * one span `jwt.authenticate` of this call. The outcome is kept on its key, and holds for the same credentials in the
   * same object alone, and for the same acceptance.
   */
  authenticate<T>(
    call: Credentialed,
    decide: (authentication: Authentication) => T | PromiseLike<T>,
  ): Promise<T> {
    const state = this.stateOf(call);
    const once = () => (state.authentication ??= this.run(state));
    if (state.isTraced) return once().then(decide);
    state.isTraced = true;
    return this.refusals.observe(traceAuthentication(call.transport, once, decide), once);
  }

  /** The outcome that is kept on this key for this acceptance; undefined where nothing was authenticated. */
  outcomeOf(key: object, acceptance: Acceptance | undefined): Promise<Authentication> | undefined {
    const known = this.states.get(key);
    if (known === undefined) return undefined;
    return [known, ...known.others].find(({ call }) => call.acceptance === acceptance)?.authentication;
  }

  private stateOf(call: Credentialed): CallState {
    const { key, request } = call;
    const known = this.states.get(key);
    if (known !== undefined && this.isFor(known, call)) return known;
    const other = known?.others.find((one) => this.isFor(one, call));
    if (other !== undefined) return other;
    const { headers } = request;
    const state: CallState = {
      call,
      headers,
      authorization: headers?.authorization,
      token: undefined,
      isTraced: false,
      authentication: undefined,
      others: known === undefined ? NO_STATES : besides(known, call),
    };
    // A new object, never a changed one: whoever waits for the former outcome still gets that one.
    if (known === undefined) this.states.set(key, state);
    else this.states.replace(key, state);
    return state;
  }

  private isFor(state: CallState, call: Credentialed): boolean {
    const { request, acceptance } = call;
    const { headers } = request;
    const isSame =
      state.call.request === request && state.call.acceptance === acceptance && state.headers === headers;
    if (!isSame) return false;
    if (!this.isTokenKept(call)) return state.authorization === headers?.authorization;
    return state.authentication === undefined || state.token === this.findToken(call);
  }

  /** False where the token is that of the Authorization header, which is kept as it came. */
  private isTokenKept({ takeToken }: Credentialed): boolean {
    return takeToken !== undefined || this.options.jwtFromRequest !== undefined;
  }

  private findToken(call: Credentialed): string | undefined {
    try {
      return this.tokenOf(call);
    } catch {
      return undefined;
    }
  }

  private async run(state: CallState): Promise<Authentication> {
    const { call } = state;
    const info: VerificationInfo = { request: call.httpRequest, acceptance: call.acceptance };
    let found: string | undefined;
    try {
      const token = this.tokenOf(call);
      found = token;
      if (this.isTokenKept(call)) state.token = token;
      const verified = await this.verifier.verify(token, info);
      const recheck = () => this.verifier.recheck(token, info);
      const { validate } = this.options;
      if (validate === undefined) return { verified, user: verified.claims, info, recheck };
      const { user, wasWaitedFor } = await validated(verified, call, validate);
      if (wasWaitedFor) await recheck();
      return { verified, user, info, recheck };
    } catch (error) {
      return { error: this.reasonOf(error, found, call), info };
    }
  }

  private tokenOf({ request, takeToken }: Credentialed): string {
    if (takeToken !== undefined) return takeToken();
    const { jwtFromRequest } = this.options;
    if (jwtFromRequest === undefined) return bearerToken(request);
    const token = jwtFromRequest(request as never);
    checkNoPromise('jwtFromRequest', token, 'must return a string or null, not a promise');
    if (!token) throw new AuthError('missing_token');
    return token;
  }

  /** A token with other characters than those of a b64token is a malformed request, whatever else is wrong with it. */
  private reasonOf(error: unknown, token: string | undefined, { takeToken }: Credentialed): unknown {
    const isFromHeader =
      token !== undefined && takeToken === undefined && this.options.jwtFromRequest === undefined;
    if (isFromHeader && !isB64Token(token)) return new AuthError('malformed_request');
    // Passport and Nest take a falsy error for none.
    return error || new Error('the application refused with nothing');
  }
}

/** What is known for other acceptances: one state for each, at most. */
const besides = (known: CallState, { acceptance }: Credentialed): readonly CallState[] =>
  [known, ...known.others].filter(({ call }) => call.acceptance !== acceptance);

/** The user that `validate` makes of the claims, and whether time has passed meanwhile. */
async function validated(
  { claims, header, issuer }: VerifiedToken,
  { request, transport }: Credentialed,
  validate: Validate,
): Promise<{ user: unknown; wasWaitedFor: boolean }> {
  let wasWaitedFor = false;
  const user = await withSpan(SPANS.validate, {}, () => {
    const answer = validate(claims, { request, header, issuer, transport });
    wasWaitedFor = isThenable(answer);
    return answer;
  });
  if (!user) throw new AuthError('user_rejected');
  return { user, wasWaitedFor };
}
