import { Logger } from '@nestjs/common';
import type { KeyObject } from 'node:crypto';
import { AuthError } from '../common/auth.error.js';
import { systemClock } from '../common/clock.js';
import { DEFAULT_ALGORITHMS } from '../jwk/algorithms.js';
import { SigningKeyNotFoundError } from '../keys/client/jwks-client.js';
import { createKeyRing } from '../keys/create-key-ring.js';
import type { KeyRingEvent } from '../keys/key-ring-events.js';
import { logKeyRingEvent } from '../keys/key-ring-log.js';
import { asJwksRsaError, type KeyRing } from '../keys/key-ring.js';
import type { ResolvedKeyOptions } from '../keys/key.options.js';
import { FunctionJwksSource } from '../keys/source/function-source.js';
import { HttpJwksSource } from '../keys/source/http-source.js';
import type { JwksSource } from '../keys/source/jwks-source.js';
import { observe } from '../telemetry/metrics.js';
import type { JoseHeader } from '../token/access-token.js';
import { keyNameOf } from '../token/key-name.js';
import { parseJws } from '../token/jws.js';
import { failRequest } from './fail-request.js';
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

type HandleSigningKeyError = NonNullable<PassportJwtSecretOptions['handleSigningKeyError']>;

/**
 * A drop-in for `passportJwtSecret` of jwks-rsa, on a key ring: an application with its own passport-jwt strategy changes
 * one import line. The key is a `KeyObject`, so nothing is parsed for each request. The first keys are fetched at once and
 * refreshed until {@link SecretOrKeyProvider.close}, without keeping the process alive.
 *
 * @throws TypeError at once, for an option that is wrong
 */
export function passportJwtSecret(given: PassportJwtSecretOptions): SecretOrKeyProvider {
  const options = resolvePassportJwtSecretOptions(given);
  const rings = createRings(options);
  const stopObserving = observe({ keySets: () => rings.map(({ status }) => status) });
  const { handleSigningKeyError: onError = handleSigningKeyError } = options;
  const provide = (request: unknown, rawJwtToken: unknown, done: Done): void => {
    const header = headerOf(rawJwtToken);
    if (header === undefined || !DEFAULT_ALGORITHMS.includes(header.alg)) return done(null, null);
    // `done` is called once, whatever it throws: the rest of the request runs inside it.
    findKey(rings, header)
      .catch((error: unknown) => decide(onError, asJwksRsaError(error) as Error))
      .then(
        (key) => done(null, key),
        (error: unknown) => done(error, null),
      )
      .catch((error: unknown) => failRequest(request, error));
  };
  const close = (): void => {
    stopObserving();
    for (const ring of rings) ring.close();
  };
  return Object.assign(provide as unknown as SecretOrKeyProvider, { close });
}

/** The key, from the first ring that has the kid; the last ring, that of the endpoint, says why there is none. */
async function findKey(rings: readonly KeyRing[], header: JoseHeader): Promise<KeyObject> {
  let reason: unknown;
  for (const ring of inOrder(rings, header)) {
    const keys = await keysOf(ring, header).catch((error: unknown) => void (reason = error));
    if (keys === undefined) continue;
    const [key] = keys;
    if (key === undefined) throw new AuthError('unknown_key');
    return key.keyObject;
  }
  throw reason;
}

const keysOf = async (ring: KeyRing, header: JoseHeader) => ring.lookUp(keyNameOf(header, ring), header.alg);

/** A ring that has the key goes first, so that a key in memory never waits for a fetch of another ring. */
function inOrder(rings: readonly KeyRing[], header: JoseHeader): readonly KeyRing[] {
  if (rings.length === 1) return rings;
  const isKnownTo = (ring: KeyRing) => ring.knows(keyNameOf(header, ring) ?? '');
  return rings.toSorted((a, b) => Number(isKnownTo(b)) - Number(isKnownTo(a)));
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
  // The endpoint serves only what the interceptor lacks, so its ring starts with the first such token.
  const getKeys = async () => (await getKeysInterceptor()) ?? [];
  const name = `${jwksUri} (getKeysInterceptor)`;
  const intercepted = new FunctionJwksSource('getKeysInterceptor', getKeys);
  const first = createRing(name, intercepted, keys, isNotForLackOfKeys);
  void first.start();
  return [first, ring];
}

function createRing(
  issuer: string,
  source: JwksSource,
  keys: ResolvedKeyOptions,
  isLogged: (event: KeyRingEvent) => boolean = () => true,
): KeyRing {
  const logger = new Logger('passportJwtSecret');
  const onEvent = (event: KeyRingEvent) => isLogged(event) && logKeyRingEvent(logger, event, issuer);
  return createKeyRing({ issuer }, source, keys, { onEvent });
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

/**
 * Has the application decide about an error: null when there is no key for the token.
 *
 * @throws whatever it decides for, throws or rejects with
 */
function decide(onError: HandleSigningKeyError, error: Error): Promise<null> {
  return new Promise((resolve, reject) => {
    const callback = (decided: Error | null) => (decided ? reject(decided) : resolve(null));
    const run = async () => onError(error, callback);
    run().catch(reject);
  });
}

function handleSigningKeyError(error: Error | null, callback: (error: Error | null) => void): void {
  callback(error instanceof SigningKeyNotFoundError ? null : error);
}
