import { Logger } from '@nestjs/common';
import { SigningKeyNotFoundError } from 'jwks-rsa';
import type { Agent } from 'node:http';
import type { KeyObject } from 'node:crypto';
import { AuthError } from '../errors/auth.error.js';
import { badOption, checkNumber } from '../errors/option-checks.js';
import { DEFAULT_ALGORITHMS } from '../keys/algorithms.js';
import { systemClock } from '../keys/clock.js';
import { FunctionJwksSource } from '../keys/function.source.js';
import { HttpJwksSource, type JwksSource } from '../keys/jwks.source.js';
import { KeyRing } from '../keys/key-ring.js';
import { logKeyRingEvent } from './key-ring.logger.js';
import { KEY_OPTION_DEFAULTS, resolveKeyOptions, type ResolvedKeyOptions } from '../keys/key.options.js';
import { observe } from '../telemetry/metrics.js';
import { parseJws, type JoseHeader } from '../token/jws.js';

/** The options of jwks-rsa's `passportJwtSecret`, by their own names. */
export interface PassportJwtSecretOptions {
  /** Where the JWK Set is. */
  readonly jwksUri: string;
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
   * How long keys are relied on beyond `cacheMaxAge` while the endpoint cannot be asked, in milliseconds.
   *
   * @default 86_400_000
   */
  readonly cacheMaxAgeFallback?: number;
  /** Accepted and without effect: questions for unknown key ids are always limited. */
  readonly rateLimit?: boolean;
  /**
   * How many questions a minute unknown key ids may cause, beyond a burst of 3.
   *
   * @default 10
   */
  readonly jwksRequestsPerMinute?: number;
  /**
   * Deadline of one question, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeout?: number;
  /** Headers sent with each question. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** An `http.Agent` or `https.Agent`, for proxies and private certificate authorities. */
  readonly requestAgent?: Agent;
  /**
   * Allows an `http:` endpoint that is not on loopback; jwks-rsa always does.
   *
   * @default false
   */
  readonly allowHttp?: boolean;
  /** Asks the endpoint in place of the built-in fetch. */
  readonly fetcher?: (jwksUri: string) => Promise<{ keys: unknown }>;
  /** Keys that are looked at before the endpoint is asked. */
  readonly getKeysInterceptor?: () => Promise<readonly unknown[]>;
  /** Decides what becomes of an error; by default a key that is not found is no key, and all else is the error. */
  readonly handleSigningKeyError?: (error: Error | null, callback: (error: Error | null) => void) => void;
}

/** What passport-jwt calls for the key of a token. */
export type SecretOrKeyProvider = (
  request: unknown,
  rawJwtToken: unknown,
  done: (error: unknown, key?: never) => void,
) => void;

const DEFAULT_MAX_AGE_MS = 600_000;
const DEFAULT_REQUESTS_PER_MINUTE = 10;

/**
 * A drop-in for `passportJwtSecret` of jwks-rsa, served by a key ring: an application with its own passport-jwt strategy
 * changes one import line. The key is a `KeyObject`, so nothing is parsed per request; the first keys are asked for at
 * once.
 *
 * @throws TypeError at once, for an option that is wrong
 */
export function passportJwtSecret(options: PassportJwtSecretOptions): SecretOrKeyProvider {
  const rings = createRings(options);
  observe({ keySets: () => rings.map(({ status }) => status) });
  const onError = options.handleSigningKeyError ?? handleSigningKeyError;
  return (_request, rawJwtToken, done) => {
    const header = headerOf(rawJwtToken);
    if (header === undefined || !DEFAULT_ALGORITHMS.includes(header.alg)) return done(null);
    findKey(rings, header.kid, header.alg).then(
      (key) => done(null, key as never),
      (error: unknown) => onError(asSigningKeyError(error), (decided) => done(decided)),
    );
  };
}

/** The key, from the first ring that has it. */
async function findKey(rings: readonly KeyRing[], kid: string | undefined, alg: string): Promise<KeyObject> {
  let reason: unknown;
  for (const ring of rings) {
    try {
      const [key] = await ring.getKeys(kid, alg);
      if (key !== undefined) return key.keyObject;
    } catch (error) {
      reason = error;
    }
  }
  throw reason ?? new AuthError('unknown_key');
}

/** The interceptor's keys are looked at first; the endpoint is asked for what they lack. */
function createRings(options: PassportJwtSecretOptions): readonly KeyRing[] {
  const { jwksUri, getKeysInterceptor, fetcher } = options;
  checkOptions(options);
  const keys = keyOptionsOf(options);
  const endpoint =
    fetcher === undefined
      ? new HttpJwksSource({ ...keys, clock: systemClock, issuer: jwksUri, jwksUri })
      : new FunctionJwksSource(jwksUri, async () => (await fetcher(jwksUri)).keys);
  const ring = createRing(jwksUri, endpoint, keys);
  if (getKeysInterceptor === undefined) {
    void ring.start();
    return [ring];
  }
  const intercepted = new FunctionJwksSource('getKeysInterceptor', getKeysInterceptor);
  const first = createRing(`${jwksUri} (getKeysInterceptor)`, intercepted, keys);
  void first.start();
  return [first, ring];
}

function createRing(name: string, source: JwksSource, keys: ResolvedKeyOptions): KeyRing {
  const logger = new Logger('passportJwtSecret');
  return new KeyRing({
    issuer: name,
    source,
    clock: systemClock,
    random: Math.random,
    onEvent: (event) => logKeyRingEvent(logger, event),
    algorithms: DEFAULT_ALGORITHMS,
    // passport-jwt checks the issuer; it is not known here.
    lifetime: keys,
    timeoutMs: keys.timeoutMs,
    deniedKids: [],
    mayPark: false,
    jwksRequestsPerMinute: keys.jwksRequestsPerMinute,
  });
}

function checkOptions(options: PassportJwtSecretOptions): void {
  const {
    jwksUri,
    cacheMaxAge = 1,
    cacheMaxAgeFallback = 0,
    timeout = 1,
    jwksRequestsPerMinute = 1,
  } = options;
  if (typeof jwksUri !== 'string' || !URL.canParse(jwksUri)) throw badOption('jwksUri', 'must be a URL');
  checkNumber('cacheMaxAge', cacheMaxAge, 1);
  checkNumber('cacheMaxAgeFallback', cacheMaxAgeFallback, 0);
  checkNumber('timeout', timeout, 1);
  checkNumber('jwksRequestsPerMinute', jwksRequestsPerMinute, 0.1, 6_000);
}

const keyOptionsOf = (options: PassportJwtSecretOptions): ResolvedKeyOptions =>
  resolveKeyOptions({
    maxAgeMs: options.cacheMaxAge ?? DEFAULT_MAX_AGE_MS,
    staleForMs: options.cacheMaxAgeFallback ?? KEY_OPTION_DEFAULTS.staleForMs,
    timeoutMs: options.timeout ?? KEY_OPTION_DEFAULTS.timeoutMs,
    jwksRequestsPerMinute: options.jwksRequestsPerMinute ?? DEFAULT_REQUESTS_PER_MINUTE,
    requestHeaders: options.requestHeaders ?? {},
    allowHttp: options.allowHttp ?? false,
    ...(options.requestAgent && { requestAgent: options.requestAgent }),
  });

function headerOf(rawJwtToken: unknown): JoseHeader | undefined {
  if (typeof rawJwtToken !== 'string') return undefined;
  try {
    return parseJws(rawJwtToken).header;
  } catch {
    return undefined;
  }
}

/** What jwks-rsa calls a key that is not there; an outage stays what it is. */
const asSigningKeyError = (error: unknown): Error =>
  error instanceof AuthError && error.isRefusal
    ? new SigningKeyNotFoundError(error.message)
    : (error as Error);

function handleSigningKeyError(error: Error | null, callback: (error: Error | null) => void): void {
  callback(error instanceof SigningKeyNotFoundError ? null : error);
}
