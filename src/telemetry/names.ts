import type { RequirementKind } from '../common/auth.error.js';

/**
 * Every name that this library puts on spans and metrics. Experimental: no semantic convention covers JWT or JWK Sets
 * yet. Attributes that a convention has (`http.*`, `error.type`) keep its names.
 */

/** Name of the instrumentation scope. */
export const SCOPE_NAME = 'nestjs-jwks-auth';

/** Span names, all of kind INTERNAL. */
export const SPANS = {
  /** One request, from its credentials to its user. */
  authenticate: 'jwt.authenticate',
  /** The look-up of the verification key. */
  getKey: 'jwks.get_key',
  /** One refresh of the keys, from the store or from the issuer. */
  fetch: 'jwks.fetch',
  /** The signature check. */
  verify: 'jwt.verify',
  /** The application's own `validate`. */
  validate: 'jwt.validate',
  /** The application's own policies (`@RequirePolicy`). */
  authorize: 'jwt.authorize',
  /** One logout token of an OpenID provider, from its request to its revocation. */
  backChannelLogout: 'oidc.backchannel_logout',
} as const;

/** Metric names. */
export const METRICS = {
  /** Histogram, in seconds: one request, from its credentials to its user. */
  authenticateDuration: 'jwt.authenticate.duration',
  /** Counter: look-ups of a verification key. */
  keyLookups: 'jwks.key.lookups',
  /** Histogram, in seconds: one fetch from the issuer. */
  fetchDuration: 'jwks.fetch.duration',
  /** Gauge, in seconds: since the keys were last confirmed. */
  keySetAge: 'jwks.keyset.age',
  /** Gauge, in seconds: the age at which keys count as stale. */
  keySetMaxAge: 'jwks.keyset.max_age',
  /** Gauge: keys in memory. */
  keySetKeys: 'jwks.keyset.keys',
  /** Gauge, in seconds: until tokens are refused if no refresh succeeds. */
  keySetTimeToExpiry: 'jwks.keyset.time_to_expiry',
  /** Gauge: verified tokens in the token cache. */
  tokenCacheEntries: 'jwt.token_cache.entries',
  /** Gauge: revocations in memory. */
  revocationEntries: 'jwt.revocations.entries',
} as const;

/** Attributes of spans and metrics. */
export const ATTRIBUTES = {
  /** `accepted`, `rejected`, `anonymous` or `error`. */
  result: 'jwt.result',
  /** `http`, `graphql`, `ws`, `rpc` or `other`: how the handler was called. */
  transport: 'jwt.transport',
  /** One of `AUTH_ERROR_CODES`. */
  rejectionReason: 'jwt.rejection.reason',
  /** What the token lacks for the route or for the tenant. */
  rejectionRequirement: 'jwt.rejection.requirement',
  /** Why a logout token was rejected, from a closed list. */
  logoutRejectionReason: 'oidc.logout.rejection.reason',
  /** True when the token was in the token cache. */
  tokenCacheHit: 'jwt.token_cache.hit',
  /** The configured issuer that the token names. */
  jwtIssuer: 'jwt.issuer',
  /** The algorithm of the key. */
  algorithm: 'jwt.alg',
  /** The key's id; only one that matched a key. */
  kid: 'jwt.kid',
  /** The configured issuer whose keys are looked up. */
  jwksIssuer: 'jwks.issuer',
  /** `hit`, `stale`, `miss`, `coalesced` or `refused`. */
  cacheResult: 'jwks.cache.result',
  /** Seconds since the key set was last confirmed. */
  cacheAge: 'jwks.cache.age',
  /** `bootstrap`, `refresh`, `unknown_kid`, `expired` or `manual`. */
  fetchTrigger: 'jwks.fetch.trigger',
  /** `issuer` or `store`: where the refresh went last, and so where accepted keys come from. */
  fetchSource: 'jwks.fetch.source',
  /** `discovery` or `keys`, on the HTTP client spans below `jwks.fetch`; set by `nestjs-jwks-auth/tracing`. */
  request: 'jwks.request',
  /** How many usable keys the accepted response held. */
  keyCount: 'jwks.key.count',
  /** `replaced`, `confirmed` or `rejected`. */
  fetchOutcome: 'jwks.fetch.outcome',
  /** Status of the response (OpenTelemetry HTTP convention). */
  httpStatus: 'http.response.status_code',
  /** The kind of failure (OpenTelemetry general convention). */
  errorType: 'error.type',
} as const;

/** The `error.type` of an error that is on no list (OpenTelemetry general convention). */
export const OTHER_ERROR = '_OTHER';

/** The issuer on metrics of a dynamic issuer that never had keys: no made-up name becomes a time series. */
export const OTHER_ISSUER = '_OTHER';

/** The values of the attributes that have a closed list; `AUTH_ERROR_CODES` are those of the rejection reason. */
export const VALUES = {
  requirement: [
    'issuer',
    'tenant',
    'audience',
    'subject_kind',
    'authentication',
    'scope',
    'message_scope',
    'permission',
    'role',
    'claims',
    'policy',
  ] satisfies readonly RequirementKind[],
  result: ['accepted', 'rejected', 'anonymous', 'error'],
  transport: ['http', 'graphql', 'ws', 'rpc', 'other'],
  cacheResult: ['hit', 'stale', 'miss', 'coalesced', 'refused'],
  fetchTrigger: ['bootstrap', 'refresh', 'unknown_kid', 'expired', 'manual'],
  fetchSource: ['issuer', 'store'],
  request: ['discovery', 'keys'],
  fetchOutcome: ['replaced', 'confirmed', 'rejected'],
} as const;

/** The outcome of a request. */
export type AuthenticationResult = (typeof VALUES.result)[number];
/** How a handler was called. */
export type TransportName = (typeof VALUES.transport)[number];
/** How a verification key was found, or why it was not. */
export type CacheResult = (typeof VALUES.cacheResult)[number];
/** What caused a refresh. */
export type FetchTrigger = (typeof VALUES.fetchTrigger)[number];
/** Where a refresh went last: to the issuer, or to the store that processes share keys through. */
export type FetchSource = (typeof VALUES.fetchSource)[number];
/** What a response led to. */
export type FetchOutcome = (typeof VALUES.fetchOutcome)[number];
