import { validateHeaderName, validateHeaderValue, type Agent } from 'node:http';
import {
  badOption,
  checkInteger,
  checkMembers,
  checkNumber,
  checkOneOf,
  checkStrings,
  withoutUndefined,
} from '../common/option-checks.js';
import { LONGEST_DELAY_MS } from '../common/clock.js';
import type { RequestHeaders } from '../http/fetch-json.js';
import { KEY_STORE_METHODS, type KeyStore } from './store/key-store.js';
import type { StoreSecrets } from './store/sealed-entry.js';

/** How the issuers' keys are fetched and kept; all optional. */
export interface KeyOptions {
  /**
   * How long keys count as fresh, in milliseconds. They are refreshed ahead of it, in the background.
   *
   * @default the issuer's `Cache-Control`, within 5 minutes and 1 hour; else 10 minutes
   */
  readonly maxAgeMs?: number;
  /**
   * How long keys are used beyond `maxAgeMs` while the issuer is unreachable (stale-if-error, RFC 5861), in milliseconds.
   * 0: not at all.
   *
   * @default 86_400_000 (24 hours)
   */
  readonly staleIfErrorMs?: number;
  /**
   * Total time limit of one fetch from the issuer, body included, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number;
  /**
   * How many fetches a minute tokens with unknown key ids may cause, beyond a burst of 3.
   *
   * @default 6
   */
  readonly jwksRequestsPerMinute?: number;
  /**
   * How the application starts without keys: `wait` up to 4 seconds and start without them,
   * `require` them or fail, or fetch them in the `background`.
   *
   * @default 'wait'
   */
  readonly bootstrap?: 'wait' | 'require' | 'background';
  /** Key ids that are never accepted, whatever the issuer publishes. */
  readonly deniedKids?: readonly string[];
  /**
   * Headers sent with each request to the issuer's own origin and to a configured `jwksUri`; or a function, called with
   * the URL of each request, that returns the headers for it (credentials that change, other origins).
   */
  readonly requestHeaders?: RequestHeaders;
  /** An `http.Agent` or `https.Agent`, for proxies and private certificate authorities. */
  readonly requestAgent?: Agent;
  /**
   * How many keys an issuer's set may hold; a larger set is a failed fetch.
   *
   * @default 300
   */
  readonly maxKeys?: number;
  /**
   * How large a JWK Set or discovery document may be after decompression, in bytes; at most 4 MiB.
   *
   * @default 1_048_576 (1 MiB)
   */
  readonly maxBytes?: number;
  /**
   * Allows link-local addresses that are not metadata services, such as 169.254.1.2 of podman. Addresses of metadata
   * services are always blocked.
   *
   * @default false
   */
  readonly allowLinkLocal?: boolean;
  /**
   * Allows `http:` issuers and key sets that are not on loopback. Anyone on the network path can then forge keys.
   *
   * @default false
   */
  readonly allowHttp?: boolean;
  /**
   * A Keyv instance (5.6 or newer 5.x) through which the processes of a fleet share keys: one of them fetches for all, and
   * one that starts while the issuer is down starts with the keys of the others. It is never closed by this library.
   */
  readonly store?: KeyStore;
  /**
   * What entries of the store are signed with (HMAC-SHA256), as text of at least 32 bytes. Of several, the first signs
   * and all verify. `null` switches signatures off: whatever can write the store can then forge keys. Required with
   * `store`.
   */
  readonly storeSecret?: string | readonly string[] | null;
}

/** {@link KeyOptions} with the defaults filled in. */
export interface ResolvedKeyOptions {
  readonly maxAgeMs: number | undefined;
  readonly staleIfErrorMs: number;
  readonly timeoutMs: number;
  readonly jwksRequestsPerMinute: number;
  readonly bootstrap: 'wait' | 'require' | 'background';
  readonly deniedKids: readonly string[];
  readonly requestHeaders: RequestHeaders;
  readonly requestAgent: Agent | undefined;
  readonly maxKeys: number;
  readonly maxBytes: number;
  readonly allowLinkLocal: boolean;
  readonly allowHttp: boolean;
  readonly store: KeyStore | undefined;
  /** Undefined without a store. */
  readonly storeSecret: StoreSecrets | undefined;
}

/** Injection token of the {@link ResolvedKeyOptions}. */
export const KEY_OPTIONS = Symbol('nestjs-jwks-auth key options');

/** As long as what HMAC-SHA256 puts out (RFC 2104 §3). */
const MIN_SECRET_BYTES = 32;

/** What holds unless the options say otherwise. */
export const KEY_OPTION_DEFAULTS: ResolvedKeyOptions = {
  maxAgeMs: undefined,
  staleIfErrorMs: 24 * 60 * 60 * 1_000,
  timeoutMs: 5_000,
  jwksRequestsPerMinute: 6,
  bootstrap: 'wait',
  deniedKids: [],
  requestHeaders: {},
  requestAgent: undefined,
  maxKeys: 300,
  maxBytes: 1_048_576,
  allowLinkLocal: false,
  allowHttp: false,
  store: undefined,
  storeSecret: undefined,
};

/**
 * Fills in the defaults.
 *
 * @throws TypeError that names the option which is wrong
 */
export function resolveKeyOptions(given: KeyOptions = {}): ResolvedKeyOptions {
  checkMembers('keys', given, Object.keys(KEY_OPTION_DEFAULTS));
  const storeSecret = resolveStoreSecret(given);
  const options = { ...KEY_OPTION_DEFAULTS, ...withoutUndefined(given), storeSecret };
  if (options.maxAgeMs !== undefined) checkNumber('keys.maxAgeMs', options.maxAgeMs, 1);
  checkNumber('keys.staleIfErrorMs', options.staleIfErrorMs, 0);
  checkNumber('keys.timeoutMs', options.timeoutMs, 1, LONGEST_DELAY_MS);
  checkNumber('keys.jwksRequestsPerMinute', options.jwksRequestsPerMinute, 0.1, 6_000);
  checkOneOf('keys.bootstrap', options.bootstrap, ['wait', 'require', 'background']);
  if (options.deniedKids.length !== 0) checkStrings('keys.deniedKids', options.deniedKids);
  checkInteger('keys.maxKeys', options.maxKeys, 1);
  checkInteger('keys.maxBytes', options.maxBytes, 1, 4_194_304);
  checkOneOf('keys.allowLinkLocal', options.allowLinkLocal, [true, false]);
  checkOneOf('keys.allowHttp', options.allowHttp, [true, false]);
  if (options.requestAgent !== undefined && typeof options.requestAgent !== 'object') {
    throw badOption('keys.requestAgent', 'must be an http.Agent or https.Agent');
  }
  checkRequestHeaders(options.requestHeaders);
  return options;
}

function checkRequestHeaders(headers: RequestHeaders): void {
  if (typeof headers === 'function') return;
  checkMembers('keys.requestHeaders', headers, Object.keys(Object(headers)));
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') throw badOption(`keys.requestHeaders.${name}`, 'must be a string');
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      // Node's message is not kept: it may quote the value, which may be a secret.
      throw badOption(`keys.requestHeaders.${name}`, 'must be a header field (RFC 9110 §5)');
    }
  }
}

/** The store, and what its entries are signed with: either both or none. */
function resolveStoreSecret({ store, storeSecret }: KeyOptions): StoreSecrets | undefined {
  if (store === undefined) {
    if (storeSecret !== undefined) throw badOption('keys.storeSecret', 'needs keys.store');
    return undefined;
  }
  const isKeyv = KEY_STORE_METHODS.every((name) => typeof Object(store)[name] === 'function');
  if (!isKeyv) throw badOption('keys.store', 'must be a Keyv instance, 5.6 or newer 5.x');
  if (storeSecret === null) return null;
  if (storeSecret === undefined)
    throw badOption('keys.storeSecret', 'is required with keys.store; null switches signatures off');
  const secrets = checkStrings('keys.storeSecret', storeSecret);
  if (secrets.some((secret) => Buffer.byteLength(secret) < MIN_SECRET_BYTES))
    throw badOption('keys.storeSecret', `must have at least ${MIN_SECRET_BYTES} bytes`);
  return secrets;
}
