import type { Agent } from 'node:http';
import { badOption, checkFunction, checkNumber } from '../common/option-checks.js';
import { LONGEST_DELAY_MS } from '../common/clock.js';
import { isPlainUrl, isSecureUrl } from '../http/safe-url.js';
import { KEY_OPTION_DEFAULTS, resolveKeyOptions, type ResolvedKeyOptions } from '../keys/key.options.js';

type Fetcher = (jwksUri: string) => Promise<{ keys: unknown }>;

interface CommonOptions {
  /** Accepted and without effect: keys are always kept in memory. */
  readonly cache?: boolean;
  /** Accepted and without effect: the whole set is kept. */
  readonly cacheMaxEntries?: number;
  /**
   * How long keys count as fresh, in milliseconds; they are refreshed ahead of it.
   *
   * @default 600_000
   */
  readonly cacheMaxAge?: number;
  /**
   * How long keys are used beyond `cacheMaxAge` while the endpoint is unreachable, in milliseconds.
   *
   * @default 86_400_000
   */
  readonly cacheMaxAgeFallback?: number;
  /** Accepted and without effect: fetches for unknown key ids are always limited. */
  readonly rateLimit?: boolean;
  /**
   * How many fetches a minute unknown key ids may cause, beyond a burst of 3.
   *
   * @default 10
   */
  readonly jwksRequestsPerMinute?: number;
  /**
   * Total time limit of one fetch, body included, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeout?: number;
  /** Headers sent with each request. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** An `http.Agent` or `https.Agent`, for proxies and private certificate authorities. */
  readonly requestAgent?: Agent;
  /**
   * Allows an `http:` endpoint that is not on loopback; jwks-rsa always does.
   *
   * @default false
   */
  readonly allowHttp?: boolean;
  /** Keys that are used before the endpoint is fetched from. */
  readonly getKeysInterceptor?: () => Promise<readonly unknown[]>;
  /** Handles an error; by default a key that is not found is no key, and everything else is the error. */
  readonly handleSigningKeyError?: (error: Error | null, callback: (error: Error | null) => void) => void;
}

/**
 * The options of jwks-rsa's `passportJwtSecret`, by their own names. `jwksUri` says where the JWK Set is; a `fetcher`
 * replaces the built-in request. As in jwks-rsa, `jwksUri` is needed beside a `fetcher` too, though the
 * type lets it be left out there.
 */
export type PassportJwtSecretOptions = CommonOptions &
  (
    | { readonly jwksUri: string; readonly fetcher?: Fetcher }
    | { readonly jwksUri?: string; readonly fetcher: Fetcher }
  );

/** The options as they hold: the endpoint, the application's functions, and how keys are fetched and kept. */
export interface ResolvedPassportJwtSecretOptions {
  readonly jwksUri: string;
  readonly fetcher: Fetcher | undefined;
  readonly getKeysInterceptor: CommonOptions['getKeysInterceptor'];
  readonly handleSigningKeyError: CommonOptions['handleSigningKeyError'];
  readonly keys: ResolvedKeyOptions;
}

/** As in jwks-rsa where it has a default, else as in `AuthModule`. */
const DEFAULTS = {
  cacheMaxAge: 600_000,
  cacheMaxAgeFallback: KEY_OPTION_DEFAULTS.staleIfErrorMs,
  timeout: KEY_OPTION_DEFAULTS.timeoutMs,
  jwksRequestsPerMinute: 10,
};

/**
 * Checks the options and fills in the defaults. Those of jwks-rsa that have no effect here are ignored.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolvePassportJwtSecretOptions(
  given: PassportJwtSecretOptions,
): ResolvedPassportJwtSecretOptions {
  if (typeof given !== 'object' || given === null) {
    throw new TypeError('nestjs-jwks-auth: passportJwtSecret needs an options object');
  }
  const { fetcher, getKeysInterceptor, handleSigningKeyError } = given;
  for (const [name, value] of Object.entries({ fetcher, getKeysInterceptor, handleSigningKeyError })) {
    checkFunction(name, value);
  }
  if ('onStaleCacheFallback' in given) {
    throw badOption('onStaleCacheFallback', 'is not supported: stale keys show in the log and on the spans');
  }
  const jwksUri = checkJwksUri(given);
  return { jwksUri, fetcher, getKeysInterceptor, handleSigningKeyError, keys: keyOptionsOf(given) };
}

/** A fetcher may interpret the address as it likes; the built-in request needs a URL that may be fetched. */
function checkJwksUri({ jwksUri, fetcher, allowHttp = false }: PassportJwtSecretOptions): string {
  if (typeof jwksUri !== 'string' || jwksUri === '') throw badOption('jwksUri', 'must be a non-empty string');
  if (fetcher !== undefined) return jwksUri;
  if (!URL.canParse(jwksUri)) throw badOption('jwksUri', 'must be a URL');
  if (!isSecureUrl(new URL(jwksUri), allowHttp)) {
    throw badOption('jwksUri', 'must be https, or http on loopback; allowHttp: true allows http elsewhere');
  }
  if (!isPlainUrl(jwksUri))
    throw badOption('jwksUri', 'must hold no credentials, no spaces and no control characters');
  return jwksUri;
}

function keyOptionsOf(given: PassportJwtSecretOptions): ResolvedKeyOptions {
  const {
    cacheMaxAge = DEFAULTS.cacheMaxAge,
    cacheMaxAgeFallback = DEFAULTS.cacheMaxAgeFallback,
    timeout = DEFAULTS.timeout,
    jwksRequestsPerMinute = DEFAULTS.jwksRequestsPerMinute,
    requestHeaders = {},
    allowHttp = false,
    requestAgent,
  } = given;
  checkNumber('cacheMaxAge', cacheMaxAge, 1);
  checkNumber('cacheMaxAgeFallback', cacheMaxAgeFallback, 0);
  checkNumber('timeout', timeout, 1, LONGEST_DELAY_MS);
  checkNumber('jwksRequestsPerMinute', jwksRequestsPerMinute, 0.1, 6_000);
  return resolveKeyOptions({
    maxAgeMs: cacheMaxAge,
    staleIfErrorMs: cacheMaxAgeFallback,
    timeoutMs: timeout,
    jwksRequestsPerMinute,
    requestHeaders,
    allowHttp,
    ...(requestAgent && { requestAgent }),
  });
}
