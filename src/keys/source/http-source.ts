import { conditionalHeaders, confirmedHeaders, keptHeaders } from '../../http/cache-headers.js';
import { fetchJson, type FetchOptions, type JsonResponse } from '../../http/fetch-json.js';
import { isThisMachine } from '../../http/blocked-addresses.js';
import { JwksFetchError, withAddress } from '../../http/jwks-fetch.error.js';
import { KEY_POLICY } from '../key-policy.js';
import { discoverJwksUri } from './discovery.js';
import type { JwksResponse, JwksSource } from './jwks-source.js';

/** Whose keys to fetch, and how. */
export interface HttpJwksSourceOptions extends Omit<FetchOptions, 'headerOrigins'> {
  readonly issuer: string;
  /** Skips discovery. */
  readonly jwksUri: string | undefined;
  /** Time limit of one fetch, in milliseconds; repeated discovery may take half of it. */
  readonly timeoutMs: number;
}

/** Fetches an issuer's JWK Set over HTTP. Discovery finds its address, unless it is configured. */
export class HttpJwksSource implements JwksSource {
  address: string | undefined;
  private discovered: string | undefined;
  private rediscoverAt = 0;
  private readonly fetchOptions: FetchOptions;

  constructor(private readonly options: HttpJwksSourceOptions) {
    const own = [options.issuer, options.jwksUri ?? ''].filter((address) => URL.canParse(address));
    this.fetchOptions = { ...options, headerOrigins: own.map((address) => new URL(address).origin) };
  }

  async fetch(previous: JwksResponse | undefined, signal: AbortSignal): Promise<JwksResponse> {
    const jwksUri = this.options.jwksUri ?? (await this.discover(signal));
    try {
      return await this.fetchFrom(jwksUri, previous, signal);
    } catch (error) {
      const isLost = error instanceof JwksFetchError && (error.isGone || error.code === 'forbidden_address');
      const moved = isLost ? await this.rediscover(jwksUri, signal) : undefined;
      if (moved === undefined) throw error;
      return this.fetchFrom(moved, undefined, signal);
    }
  }

  private async fetchFrom(
    jwksUri: string,
    previous: JwksResponse | undefined,
    signal: AbortSignal,
  ): Promise<JwksResponse> {
    const validators = previous?.jwksUri === jwksUri ? conditionalHeaders(previous.headers) : {};
    const conditionalOn = Object.keys(validators).length > 0 ? previous : undefined;
    this.address = jwksUri;
    try {
      const options = { ...this.fetchOptions, refuseThisMachine: this.isElsewhere(jwksUri) };
      const response = await fetchJson(jwksUri, validators, options, signal);
      return asKeySet(jwksUri, conditionalOn, response);
    } catch (error) {
      throw error instanceof JwksFetchError && !signal.aborted ? withAddress(jwksUri, error) : error;
    }
  }

  /**
   * The known address. Discovery is repeated once a day, since an abandoned address may keep responding; while that
   * fails, the known address stays in use.
   */
  private async discover(signal: AbortSignal): Promise<string> {
    const { discovered, options } = this;
    if (discovered === undefined) return this.keep(await this.discoverNow(signal));
    if (options.clock.now() < this.rediscoverAt) return discovered;
    // Leaves time for the keys where discovery hangs.
    const half = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(options.timeoutMs / 2))]);
    const found = await this.discoverNow(half).catch(() => undefined);
    if (found !== undefined) return this.keep(found);
    this.rediscoverAt = options.clock.now() + KEY_POLICY.rediscoverRetryMs;
    return discovered;
  }

  /** True for an address that an https issuer names and that is not on its own host. */
  private isElsewhere(jwksUri: string): boolean {
    const { issuer, jwksUri: configured } = this.options;
    if (configured !== undefined || !issuer.startsWith('https:')) return false;
    const url = new URL(issuer);
    return !isThisMachine(url) && url.hostname !== new URL(jwksUri).hostname;
  }

  /** After a 404 or 410, or where the address must not be fetched: the new address, where discovery has one. */
  private async rediscover(gone: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.options.jwksUri !== undefined) return undefined;
    const found = await this.discoverNow(signal).catch(() => gone);
    return found === gone ? undefined : this.keep(found);
  }

  private discoverNow(signal: AbortSignal): Promise<string> {
    const onAddress = (address: string) => (this.address = address);
    return discoverJwksUri(this.options.issuer, this.fetchOptions, signal, onAddress);
  }

  private keep(jwksUri: string): string {
    this.discovered = jwksUri;
    this.rediscoverAt = this.options.clock.now() + KEY_POLICY.rediscoverAfterMs;
    return jwksUri;
  }
}

/** @param previous the response whose validators the request carried */
function asKeySet(
  jwksUri: string,
  previous: JwksResponse | undefined,
  { status, headers, json }: JsonResponse,
): JwksResponse {
  if (status === 304) {
    if (previous === undefined)
      throw new JwksFetchError('http_status', { message: 'unexpected 304', status });
    return { status, headers: confirmedHeaders(previous.headers, headers), keys: previous.keys, jwksUri };
  }
  const keys: unknown = Object(json).keys;
  if (!Array.isArray(keys)) {
    throw new JwksFetchError('not_a_key_set', { message: 'answered with JSON that is no JWK Set', status });
  }
  return { status, headers: keptHeaders(headers), keys, jwksUri };
}
