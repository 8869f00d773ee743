import { badOption, checkMembers } from './common/option-checks.js';
import {
  resolveFurtherAudiences,
  resolveGuardOptions,
  type GuardOptions,
  type ResolvedGuardOptions,
} from './guard/guard.options.js';
import { REQUIREMENT_OPTION_NAMES } from './requirements/requirement.options.js';
import { resolveKeyOptions, type KeyOptions, type ResolvedKeyOptions } from './keys/key.options.js';
import {
  resolveDynamicIssuers,
  type DynamicIssuers,
  type ResolvedDynamicIssuers,
} from './token/issuers/dynamic-issuers.js';
import { ISSUER_OPTION_NAMES, resolveIssuer, type IssuerRules } from './token/issuers/issuer-rules.js';
import {
  resolveLogoutOptions,
  type BackChannelLogoutOptions,
  type ResolvedLogoutOptions,
} from './logout/logout.options.js';
import {
  resolveRevocationOptions,
  type ResolvedRevocationOptions,
  type RevocationOptions,
} from './revocation/revocation.options.js';
import {
  identifierOf,
  resolveResource,
  type ResolvedResource,
  type ResourceContext,
  type ResourceOptions,
} from './resource/resource.options.js';
import {
  resolveTokenOptions,
  TOKEN_OPTION_DEFAULTS,
  type IssuerOptions,
  type ResolvedTokenOptions,
  type TokenOptions,
} from './token/token.options.js';

/** What `AuthModule` is configured with: one `issuer`, or several `issuers`. */
export interface AuthOptions extends Partial<IssuerOptions>, TokenOptions, GuardOptions {
  /**
   * Several issuers, found by their exact names, or {@link DynamicIssuers}, which are found when their first token
   * comes. What is given beside them (`audience`, `algorithms`, `tokenType`, `requiredClaims`) holds for each that says
   * nothing else.
   */
  readonly issuers?: readonly IssuerOptions[] | DynamicIssuers;
  /**
   * The protected resource that this API is, and its metadata (RFC 9728). Its identifier is the `audience`, unless that is
   * given and holds it.
   *
   * @default no metadata
   */
  readonly resource?: ResourceOptions;
  /**
   * Audiences beside `audience`, of tokens of any issuer: good only for routes that name them in `@RequireAudience`. One
   * with metadata of its own is given as {@link ResourceOptions}.
   *
   * @default none
   */
  readonly furtherAudiences?: readonly (string | ResourceOptions)[];
  /** How the issuers' keys are fetched and kept. */
  readonly keys?: KeyOptions;
  /** How what `Revocations` revokes is kept and shared. */
  readonly revocations?: RevocationOptions;
  /** Receives logout tokens of the issuers (OpenID Connect Back-Channel Logout 1.0), and revokes what they name. */
  readonly backChannelLogout?: BackChannelLogoutOptions;
}

/** What a class given as `useClass` or `useExisting` implements. */
export interface AuthOptionsFactory {
  createAuthOptions(): AuthOptions | Promise<AuthOptions>;
}

/** {@link AuthOptions} checked, and with the defaults filled in. */
export interface ResolvedAuthOptions {
  /** Empty when they are dynamic. */
  readonly issuers: readonly IssuerRules[];
  readonly dynamicIssuers: ResolvedDynamicIssuers | undefined;
  readonly token: ResolvedTokenOptions;
  readonly keys: ResolvedKeyOptions;
  readonly guard: ResolvedGuardOptions;
  /** Those whose metadata is served. */
  readonly resources: readonly ResolvedResource[];
  readonly revocations: ResolvedRevocationOptions;
  /** Undefined where no logout tokens are received. */
  readonly logout: ResolvedLogoutOptions | undefined;
}

/** Options of the module builder, which go beside the factory and not into what it returns. */
const MODULE_EXTRAS = ['isGlobal', 'guardEveryRoute'];
const NAMES = [
  ...ISSUER_OPTION_NAMES,
  ...Object.keys(TOKEN_OPTION_DEFAULTS),
  'issuers',
  'resource',
  'furtherAudiences',
  'jwtFromRequest',
  ...REQUIREMENT_OPTION_NAMES,
  'realm',
  'validate',
  'transports',
  'keys',
  'revocations',
  'backChannelLogout',
];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveAuthOptions(given: AuthOptions): ResolvedAuthOptions {
  const misplaced = MODULE_EXTRAS.find((name) => Object.hasOwn(given ?? {}, name));
  if (misplaced !== undefined) throw badOption(misplaced, 'goes beside useFactory, not into what it returns');
  checkMembers('', given, NAMES);
  const keys = resolveKeyOptions(given.keys);
  const { issuers, dynamicIssuers } = resolveIssuers(withAudience(given), keys.allowHttp);
  const audience = issuers[0]?.audience ?? dynamicIssuers?.audience;
  const known = knownNames(issuers, dynamicIssuers);
  const context = { issuers: known.issuers, allowHttp: keys.allowHttp };
  const resource = resolveMainResource(given, [...issuers, dynamicIssuers], context);
  const furtherAudiences = resolveFurtherAudiences(
    given.furtherAudiences ?? [],
    [...issuers, dynamicIssuers].flatMap((one) => one?.audience ?? []),
    context,
  );
  const further = furtherAudiences.map((one) => one.audience);
  const token = resolveTokenOptions(pick(given, Object.keys(TOKEN_OPTION_DEFAULTS)), further);
  return {
    issuers,
    dynamicIssuers,
    token,
    keys,
    guard: resolveGuardOptions(given, {
      audience: audience?.[0],
      resource,
      furtherAudiences,
      known: { ...known, audiences: known.audiences && [...known.audiences, ...further] },
      clockToleranceMs: token.clockToleranceMs,
    }),
    resources: [resource, ...furtherAudiences.map((one) => one.resource)].filter((one) => one !== undefined),
    revocations: resolveRevocationOptions(given.revocations),
    logout: resolveLogoutOptions(given.backChannelLogout),
  };
}

/** The identifier of the resource is the audience, unless one is given. */
function withAudience(given: AuthOptions): AuthOptions {
  const { audience, resource } = given;
  if (resource === undefined) return given;
  const identifier = identifierOf('resource', resource);
  return audience === undefined ? { ...given, audience: identifier } : given;
}

/** The option `resource`: every audience that is given must hold its identifier, else its tokens would be refused. */
function resolveMainResource(
  { resource: given }: AuthOptions,
  rules: readonly ({ readonly audience: readonly string[] | null | undefined } | undefined)[],
  context: ResourceContext,
): ResolvedResource | undefined {
  if (given === undefined) return undefined;
  const resource = resolveResource('resource', given, context);
  const contradicting = rules.find((one) => one?.audience && !one.audience.includes(resource.identifier));
  if (contradicting === undefined) return resource;
  throw badOption(
    'audience',
    `contradicts resource.identifier: it must hold ${resource.identifier}, for which clients get their tokens`,
  );
}

/** What `@RequireAudience` and `@RequireIssuer` may name: with dynamic issuers, and where no audience is checked, anything. */
function knownNames(
  issuers: readonly IssuerRules[],
  dynamic: ResolvedDynamicIssuers | undefined,
): ResolvedGuardOptions['known'] {
  if (dynamic !== undefined) return { audiences: undefined, issuers: undefined };
  const audiences = issuers.map((one) => one.audience);
  return {
    audiences: audiences.includes(null) ? undefined : audiences.flatMap((one) => one ?? []),
    issuers: issuers.map(({ issuer }) => issuer),
  };
}

function resolveIssuers(
  given: AuthOptions,
  allowHttp: boolean,
): Pick<ResolvedAuthOptions, 'issuers' | 'dynamicIssuers'> {
  const common = pick(given, ISSUER_OPTION_NAMES) as Partial<IssuerOptions>;
  if (given.issuers === undefined) {
    return { issuers: [resolveIssuer(common as IssuerOptions, '', allowHttp)], dynamicIssuers: undefined };
  }
  const { issuer, jwksUri, ...shared } = common;
  if (issuer !== undefined) throw badOption('issuer', 'contradicts "issuers": give one of the two');
  if (jwksUri !== undefined) throw badOption('jwksUri', 'contradicts "issuers": give it with each of them');
  if (Array.isArray(given.issuers)) {
    return { issuers: resolveList(given.issuers, shared, allowHttp), dynamicIssuers: undefined };
  }
  return {
    issuers: [],
    dynamicIssuers: resolveDynamicIssuers(given.issuers as DynamicIssuers, shared, allowHttp),
  };
}

function resolveList(
  given: readonly IssuerOptions[],
  shared: Partial<IssuerOptions>,
  allowHttp: boolean,
): readonly IssuerRules[] {
  if (given.length === 0) throw badOption('issuers', 'must not be empty');
  const issuers = given.map((one, index) =>
    resolveIssuer({ ...shared, ...one }, `issuers[${index}].`, allowHttp),
  );
  const names = issuers.map((one) => one.issuer);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badOption('issuers', `names ${twice} twice`);
  return issuers;
}

const pick = (given: object, names: readonly string[]): object =>
  Object.fromEntries(
    Object.entries(given).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
