import { badOption, checkFunction } from '../common/option-checks.js';
import { isQuotable } from './challenge.js';
import { resolveGrantClaims, type GrantClaims, type GrantPaths } from '../requirements/grant-claims.js';
import type { AccessTokenClaims } from '../token/access-token.js';
import type { JoseHeader } from '../token/access-token.js';
import type { TransportName } from '../telemetry/names.js';
import {
  resolveTransports,
  type ResolvedTransports,
  type TransportsOptions,
} from './transports/transport.options.js';

/** Where the token of a request is; null when it carries none. */
export type JwtFromRequest = (request: never) => string | null;

/** Turns verified claims into the application's user. */
export type Validate = (claims: AccessTokenClaims, context: ValidateContext) => unknown;

/** What `validate` receives beside the claims. */
export interface ValidateContext {
  /** The request, as the HTTP adapter gives it; over another transport, what its user is set on. */
  readonly request: unknown;
  /** The token's verified JOSE header. */
  readonly header: JoseHeader;
  /** The configured issuer. */
  readonly issuer: string;
  /** How the handler was called. */
  readonly transport: TransportName;
}

/** How requests are read and refused; all optional. */
export interface GuardOptions {
  /**
   * Takes the token out of a request; null when there is none.
   *
   * @default the Authorization header, strictly (RFC 6750 §2.1)
   */
  readonly jwtFromRequest?: JwtFromRequest;
  /** Where scopes, permissions and roles stand in the claims. */
  readonly claims?: GrantClaims;
  /**
   * The realm of challenges (RFC 9110 §11.5).
   *
   * @default the audience
   */
  readonly realm?: string;
  /**
   * Turns verified claims into the application's user, for every request. A falsy user is refused with 401; what it
   * throws goes through unchanged.
   *
   * @default the claims
   */
  readonly validate?: Validate;
  /** How calls that are no HTTP requests are read: GraphQL, WebSocket, RPC and others. */
  readonly transports?: TransportsOptions;
}

/** {@link GuardOptions} with the defaults filled in. */
export interface ResolvedGuardOptions {
  readonly jwtFromRequest: JwtFromRequest | undefined;
  readonly claims: GrantPaths;
  readonly realm: string | undefined;
  readonly validate: Validate | undefined;
  readonly transports: ResolvedTransports;
}

/** Injection token of the {@link ResolvedGuardOptions}. */
export const GUARD_OPTIONS = Symbol('nestjs-jwks-auth guard options');

/**
 * Fills in the defaults. `audience` is the realm of challenges unless the options name one.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveGuardOptions(given: GuardOptions, audience: string | undefined): ResolvedGuardOptions {
  const { jwtFromRequest, validate, claims = {}, realm = audience, transports } = given;
  checkFunction('jwtFromRequest', jwtFromRequest);
  checkFunction('validate', validate);
  checkRealm('realm', realm);
  return {
    jwtFromRequest,
    validate,
    realm,
    claims: resolveGrantClaims(claims),
    transports: resolveTransports(transports),
  };
}

/**
 * A realm is written between quotes, without escapes, and there are clients that search a challenge for the names of its
 * parameters wherever they stand.
 */
function checkRealm(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'string' || !isQuotable(value))
    throw badOption(name, 'must be a string of printable ASCII characters without quotes and backslashes');
  if (/(scope|error|error_description|resource_metadata)=/.test(value))
    throw badOption(name, 'must not look like another parameter of a challenge');
}
