/**
 * Every name that this library puts on a span. Experimental: no semantic convention covers JWT or JWK Sets yet.
 * Attributes that a convention has (`http.*`, `error.type`) keep its names.
 */

/** Name of the instrumentation scope. */
export const SCOPE_NAME = 'nestjs-jwks-auth';

/** Span names, all of kind INTERNAL. */
export const SPANS = {
  /** One request, from its credentials to its user. */
  authenticate: 'jwt.authenticate',
  /** The look-up of the verification key. */
  getKey: 'jwks.get_key',
  /** One question for keys, to the store or to the issuer. */
  fetch: 'jwks.fetch',
  /** The signature check. */
  verify: 'jwt.verify',
  /** The application's own `validate`. */
  validate: 'jwt.validate',
} as const;

/** Span attributes. */
export const ATTRIBUTES = {
  /** `accepted`, `rejected`, `anonymous` or `error`. */
  result: 'jwt.result',
  /** One of `AUTH_ERROR_CODES`. */
  rejectionReason: 'jwt.rejection.reason',
  /** True when the token had been verified before and was remembered. */
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
  /** `issuer` or `store`: who was asked last, and so where accepted keys come from. */
  fetchSource: 'jwks.fetch.source',
  /** How many usable keys the accepted answer held. */
  keyCount: 'jwks.key.count',
  /** `replaced`, `confirmed` or `rejected`. */
  fetchOutcome: 'jwks.fetch.outcome',
  /** Status of the answer (OpenTelemetry HTTP convention). */
  httpStatus: 'http.response.status_code',
  /** What kind of failure (OpenTelemetry general convention). */
  errorType: 'error.type',
} as const;
