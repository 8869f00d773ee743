import { badOption, checkFunction } from '../common/option-checks.js';
import {
  resolveResource,
  type ResolvedResource,
  type ResourceContext,
  type ResourceOptions,
} from '../resource/resource.options.js';
import { isQuotable } from './challenge.js';
import {
  resolveRequirementOptions,
  type RequirementOptions,
  type ResolvedRequirementOptions,
} from '../requirements/requirement.options.js';
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
export interface GuardOptions extends RequirementOptions {
  /**
   * Takes the token out of a request; null when there is none.
   *
   * @default the Authorization header, strictly (RFC 6750 §2.1)
   */
  readonly jwtFromRequest?: JwtFromRequest;
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

/** An audience beside those of the issuers, which only routes that name it accept. */
export interface FurtherAudience {
  readonly audience: string;
  /** The protected resource that it is, if it has metadata (RFC 9728). */
  readonly resource: ResolvedResource | undefined;
}

/** The names that routes may require; undefined where they are not all known at start. */
export interface KnownNames {
  readonly audiences: readonly string[] | undefined;
  readonly issuers: readonly string[] | undefined;
}

/** {@link GuardOptions} with the defaults filled in. */
export interface ResolvedGuardOptions extends ResolvedRequirementOptions {
  readonly jwtFromRequest: JwtFromRequest | undefined;
  readonly realm: string | undefined;
  /** The protected resource that the main audience is, if it has metadata (RFC 9728). */
  readonly resource: ResolvedResource | undefined;
  readonly furtherAudiences: readonly FurtherAudience[];
  readonly known: KnownNames;
  readonly validate: Validate | undefined;
  readonly transports: ResolvedTransports;
}

/** Injection token of the {@link ResolvedGuardOptions}. */
export const GUARD_OPTIONS = Symbol('nestjs-jwks-auth guard options');

/** What the guard takes from options that are not its own. */
export interface GuardContext {
  /** The realm of challenges, unless the options name one. */
  readonly audience: string | undefined;
  readonly resource: ResolvedResource | undefined;
  readonly furtherAudiences: readonly FurtherAudience[];
  readonly known: KnownNames;
  readonly clockToleranceMs: number;
}

/**
 * Fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveGuardOptions(
  given: GuardOptions,
  { audience, resource, furtherAudiences, known, clockToleranceMs }: GuardContext,
): ResolvedGuardOptions {
  const { jwtFromRequest, validate, realm = audience, transports } = given;
  checkFunction('jwtFromRequest', jwtFromRequest);
  checkFunction('validate', validate);
  checkRealm('realm', realm);
  return {
    ...resolveRequirementOptions(given, clockToleranceMs),
    jwtFromRequest,
    validate,
    realm,
    resource,
    furtherAudiences,
    known,
    transports: resolveTransports(transports),
  };
}

/**
 * The further audiences, each of them the realm of its routes.
 *
 * @param audiences those of the issuers
 * @throws TypeError for one that is no further audience, or no realm, or whose metadata is wrong
 */
export function resolveFurtherAudiences(
  given: readonly (string | ResourceOptions)[],
  audiences: readonly string[],
  context: ResourceContext,
): readonly FurtherAudience[] {
  if (!Array.isArray(given)) throw badOption('furtherAudiences', 'must be an array');
  const further = given.map((one: unknown, index) =>
    resolveFurtherAudience(`furtherAudiences[${index}]`, one, audiences, context),
  );
  const names = further.map(({ audience }) => audience);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badOption('furtherAudiences', `names ${twice} twice`);
  return further;
}

function resolveFurtherAudience(
  name: string,
  given: unknown,
  audiences: readonly string[],
  context: ResourceContext,
): FurtherAudience {
  const resource =
    typeof given === 'object' && given !== null
      ? resolveResource(name, given as ResourceOptions, context)
      : undefined;
  const audience = resource === undefined ? given : resource.identifier;
  if (typeof audience !== 'string' || audience === '')
    throw badOption(name, 'must be a non-empty string, or an object with an identifier');
  checkRealm(name, audience);
  if (audiences.includes(audience))
    throw badOption(name, `is an "audience" already, which opens every route`);
  return { audience, resource };
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
