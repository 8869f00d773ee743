import type { IncomingHttpHeaders } from 'node:http';
import { JwksClient } from 'jwks-rsa';
import type { Clock } from './clock.js';
import { discoverJwksUri } from './discovery.js';
import { conditionalHeaders } from './http-headers.js';
import { fetchJson, type FetchOptions, type JsonAnswer } from './json.fetcher.js';
import { JwksFetchError } from './jwks-fetch.error.js';
import { KEY_POLICY } from './key-policy.js';

/** What an issuer answered. */
export interface JwksAnswer {
  /** 304: the members are those of the answer before. */
  readonly status: 200 | 304;
  readonly headers: IncomingHttpHeaders;
  /** The members of the set, not yet looked at. */
  readonly keys: readonly unknown[];
  /** Where from. */
  readonly jwksUri: string;
}

/** Where a key ring gets its keys. */
export interface JwksSource {
  /**
   * Asks the issuer once. With the last accepted answer at hand it asks whether anything has changed since.
   *
   * @throws JwksFetchError
   */
  fetch(accepted: JwksAnswer | undefined, signal: AbortSignal): Promise<JwksAnswer>;
}

export interface HttpJwksSourceOptions extends FetchOptions {
  readonly issuer: string;
  /** Skips discovery. */
  readonly jwksUri: string | undefined;
}

/** Asks an issuer over HTTP, through the client of jwks-rsa, and finds the address of its keys by discovery. */
export class HttpJwksSource implements JwksSource {
  private discovered: { readonly jwksUri: string; readonly at: number } | undefined;

  constructor(
    private readonly options: HttpJwksSourceOptions,
    private readonly clock: Clock,
  ) {}

  async fetch(accepted: JwksAnswer | undefined, signal: AbortSignal): Promise<JwksAnswer> {
    const jwksUri = this.options.jwksUri ?? (await this.discover(signal));
    try {
      return await this.ask(jwksUri, accepted, signal);
    } catch (error) {
      const isGone = error instanceof JwksFetchError && error.isGone;
      const moved = isGone ? await this.rediscover(jwksUri, signal) : undefined;
      if (moved === undefined) throw error;
      return this.ask(moved, undefined, signal);
    }
  }

  /**
   * The client of jwks-rsa stands in front of each question. Its cache and its limiter are off, because the ring
   * caches and limits the set as a whole; a client per question costs nothing beside the question.
   */
  private async ask(
    jwksUri: string,
    accepted: JwksAnswer | undefined,
    signal: AbortSignal,
  ): Promise<JwksAnswer> {
    const known = accepted?.jwksUri === jwksUri ? accepted : undefined;
    let answer: JwksAnswer | undefined;
    const client = new JwksClient({
      jwksUri,
      cache: false,
      rateLimit: false,
      fetcher: async (uri) => {
        const validators = known === undefined ? {} : conditionalHeaders(known.headers);
        answer = asKeySet(jwksUri, known, await fetchJson(uri, validators, this.options, signal));
        return { keys: answer.keys };
      },
    });
    const keys = (await client.getKeys()) as readonly unknown[];
    if (answer === undefined) throw new JwksFetchError('not_a_key_set');
    return { ...answer, keys };
  }

  /** The known address; discovery is repeated once a day, and its failure then leaves the known one in use. */
  private async discover(signal: AbortSignal): Promise<string> {
    const { discovered } = this;
    if (discovered === undefined) return this.remember(await this.discoverNow(signal));
    if (this.clock.now() - discovered.at < KEY_POLICY.rediscoverAfterMs) return discovered.jwksUri;
    const found = await this.discoverNow(signal).catch(() => discovered.jwksUri);
    return this.remember(found);
  }

  /** After a 404 or 410: the new address, when discovery knows one. */
  private async rediscover(gone: string, signal: AbortSignal): Promise<string | undefined> {
    if (this.options.jwksUri !== undefined) return undefined;
    const found = await this.discoverNow(signal).catch(() => gone);
    return found === gone ? undefined : this.remember(found);
  }

  private discoverNow(signal: AbortSignal): Promise<string> {
    return discoverJwksUri(this.options.issuer, this.options, signal);
  }

  private remember(jwksUri: string): string {
    this.discovered = { jwksUri, at: this.clock.now() };
    return jwksUri;
  }
}

function asKeySet(
  jwksUri: string,
  known: JwksAnswer | undefined,
  { status, headers, json }: JsonAnswer,
): JwksAnswer {
  if (status === 304) {
    if (known === undefined)
      throw new JwksFetchError('http_status', { message: 'answered 304 unasked', status });
    // A 304 may leave out the validators that it confirms (RFC 9110 §15.4.5).
    const { etag, 'last-modified': modified } = known.headers;
    const kept = { ...(etag && { etag }), ...(modified && { 'last-modified': modified }) };
    return { status, headers: { ...kept, ...headers }, keys: known.keys, jwksUri };
  }
  const keys: unknown =
    typeof json === 'object' && json !== null ? (json as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) {
    throw new JwksFetchError('not_a_key_set', { message: 'answered JSON that is no JWK Set', status });
  }
  return { status, headers, keys, jwksUri };
}
