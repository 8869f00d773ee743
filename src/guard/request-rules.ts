import type { VerifiedToken } from '../token/access-token.js';
import type { RoutePolicy } from './routes/route-policy.js';
import type { HttpRequest } from './transports/bearer-token.js';

/** A request that was let through with a token. */
export interface AdmittedRequest {
  readonly request: HttpRequest;
  readonly response: unknown;
  /** What `policyFor` returned for the request. */
  readonly policy: RoutePolicy;
  readonly verified: VerifiedToken;
  readonly user: unknown;
}

/** The rules of HTTP routes whose requirements depend on what a request holds (`Requirements.byRequest`). */
export interface RequestRules {
  /**
   * The policy of a route for one request, before its token is read.
   *
   * @throws HttpException for a request that is refused whatever its token
   */
  policyFor(request: HttpRequest, route: RoutePolicy): RoutePolicy;
  /** Called when a request was let through with a token. */
  admit(admitted: AdmittedRequest): void;
}

/** Injection token of the {@link RequestRules}. */
export const REQUEST_RULES = Symbol('nestjs-jwks-auth request rules');
