import { Logger } from '@nestjs/common';
import { SigningKeyNotFoundError } from 'jwks-rsa';
import type { KeyObject } from 'node:crypto';
import { AuthError } from '../common/auth.error.js';
import { DEFAULT_ALGORITHMS } from '../jwk/algorithms.js';
import { systemClock } from '../common/clock.js';
import { FunctionJwksSource } from '../keys/source/function-source.js';
import { HttpJwksSource, type JwksSource } from '../keys/source/http-source.js';
import type { KeyRingEvent } from '../keys/key-ring-events.js';
import { KeyRing } from '../keys/key-ring.js';
import type { ResolvedKeyOptions } from '../keys/key.options.js';
import { observe } from '../telemetry/metrics.js';
import { parseJws, type JoseHeader } from '../token/jws.js';
import { logKeyRingEvent } from '../keys/key-ring-log.js';
import {
  resolvePassportJwtSecretOptions,
  type PassportJwtSecretOptions,
  type ResolvedPassportJwtSecretOptions,
} from './passport-jwt-secret.options.js';

/** What passport-jwt calls for the key of a token. */
export interface SecretOrKeyProvider {
  /** Calls `done` with a `KeyObject`, with null when there is no key for the token, or with an error. */
  (request: unknown, rawJwtToken: unknown, done: (error: unknown, key?: never) => void): void;
  /** Ends the refreshes. Keys in memory go on being handed out until they are too old. */
  close(): void;
}

/** passport-jwt's types know strings and buffers alone; jsonwebtoken takes a `KeyObject` as well. */
type Done = (error: unknown, key: KeyObject | null) => void;

/**
 * A drop-in for `passportJwtSecret` of jwks-rsa, served by a key ring: an application with its own passport-jwt
 * strategy changes one import line. The key is a `KeyObject`, so nothing is parsed per request; the first keys are asked for at
 * once, and refreshed until {@link SecretOrKeyProvider.close}, without keeping the process alive.
 *
 * @throws TypeError at once, for an option that is wrong
 */
export function passportJwtSecret(given: PassportJwtSecretOptions): SecretOrKeyProvider {
  const options = resolvePassportJwtSecretOptions(given);
  const rings = createRings(options);
  const stopObserving = observe({ keySets: () => rings.map(({ status }) => status) });
  const { handleSigningKeyError: onError = handleSigningKeyError } = options;
  const provide = (_request: unknown, rawJwtToken: unknown, done: Done): void => {
    const header = headerOf(rawJwtToken);
    if (header === undefined || !DEFAULT_ALGORITHMS.includes(header.alg)) return done(null, null);
    findKey(rings, header.kid, header.alg)
      .then((key) => done(null, key))
      .catch((error: unknown) => onError(asSigningKeyError(error), (decided) => done(decided, null)))
      .catch((error: unknown) => done(error, null));
  };
  const close = (): void => {
    stopObserving();
    for (const ring of rings) ring.close();
  };
  return Object.assign(provide as unknown as SecretOrKeyProvider, { close });
}

/** The key, from the first ring that knows the key id; the last ring asked, the endpoint's, says why there is none. */
async function findKey(rings: readonly KeyRing[], kid: string | undefined, alg: string): Promise<KeyObject> {
  let reason: unknown;
  for (const ring of inOrder(rings, kid)) {
    const keys = await ring.getKeys(kid, alg).catch((error: unknown) => void (reason = error));
    if (keys === undefined) continue;
    const [key] = keys;
    if (key === undefined) throw new AuthError('unknown_key');
    return key.keyObject;
  }
  throw reason;
}

/** A ring that holds the key goes first, so that a key in memory never waits for another ring's question. */
function inOrder(rings: readonly KeyRing[], kid: string | undefined): readonly KeyRing[] {
  if (rings.length === 1 || kid === undefined) return rings;
  return rings.toSorted((a, b) => Number(b.knows(kid)) - Number(a.knows(kid)));
}

function createRings(options: ResolvedPassportJwtSecretOptions): readonly KeyRing[] {
  const { jwksUri, getKeysInterceptor, fetcher, keys } = options;
  const endpoint =
    fetcher === undefined
      ? new HttpJwksSource({ ...keys, clock: systemClock, issuer: jwksUri, jwksUri })
      : new FunctionJwksSource(jwksUri, async () => (await fetcher(jwksUri)).keys);
  const ring = createRing(jwksUri, endpoint, keys);
  if (getKeysInterceptor === undefined) {
    void ring.start();
    return [ring];
  }
  // The endpoint is asked only for what the interceptor lacks, so its ring starts with the first such token.
  const ask = async () => (await getKeysInterceptor()) ?? [];
  const intercepted = new FunctionJwksSource('getKeysInterceptor', ask);
  const first = createRing(`${jwksUri} (getKeysInterceptor)`, intercepted, keys, isNotForLackOfKeys);
  void first.start();
  return [first, ring];
}

function createRing(
  name: string,
  source: JwksSource,
  keys: ResolvedKeyOptions,
  isWorthTelling: (event: KeyRingEvent) => boolean = () => true,
): KeyRing {
  const logger = new Logger('passportJwtSecret');
  return new KeyRing({
    issuer: name,
    source,
    clock: systemClock,
    random: Math.random,
    onEvent: (event) => isWorthTelling(event) && logKeyRingEvent(logger, event),
    algorithms: DEFAULT_ALGORITHMS,
    // passport-jwt checks the issuer; it is not known here.
    lifetime: keys,
    timeoutMs: keys.timeoutMs,
    deniedKids: [],
    mayPark: false,
    jwksRequestsPerMinute: keys.jwksRequestsPerMinute,
  });
}

/** An interceptor may have no keys, now or ever: the endpoint is there for that. */
const isNotForLackOfKeys = (event: KeyRingEvent): boolean =>
  event.type !== 'fetch_failed' || event.error.code !== 'no_usable_key';

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
