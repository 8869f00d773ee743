import type { IncomingHttpHeaders } from 'node:http';
import { JwksClient } from 'jwks-rsa';
import { discoverJwksUri } from './discovery.js';
import { conditionalHeaders, confirmedHeaders, keptHeaders } from '../../http/cache-headers.js';
import { fetchJson, type FetchOptions, type JsonAnswer } from '../../http/fetch-json.js';
import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import { KEY_POLICY } from '../key-policy.js';

/** What an issuer answered. */
export interface JwksAnswer {
  /** 304: the members are those of the answer before. */
  readonly status: 200 | 304;
  /** Those that the next question or the age of the keys depends on. */
  readonly headers: IncomingHttpHeaders;
  /** The members of the set, not yet looked at. */
  readonly keys: readonly unknown[];
  /** Where from. */
  readonly jwksUri: string;
}

/** Where a key ring gets its keys. */
export interface JwksSource {
  /**
   * Asks the issuer once. With the last accepted answer at hand it asks whether anything has changed since. `signal`
   * bounds all of it in time.
   *
   * @throws JwksFetchError
   */
  fetch(accepted: JwksAnswer | undefined, signal: AbortSignal): Promise<JwksAnswer>;
}

/** Whose keys to ask for, and how. */
export interface HttpJwksSourceOptions extends FetchOptions {
  readonly issuer: string;
  /** Skips discovery. */
  readonly jwksUri: string | undefined;
  /** The deadline of one question, in milliseconds; repeated discovery may take half of it. */
  readonly timeoutMs: number;
}

/** Asks an issuer over HTTP, through the client of jwks-rsa, and finds the address of its keys by discovery. */
export class HttpJwksSource implements JwksSource {
  private discovered: string | undefined;
  private rediscoverAt = 0;

  constructor(private readonly options: HttpJwksSourceOptions) {}

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
        const asked = Object.keys(validators).length > 0 ? known : undefined;
        answer = asKeySet(jwksUri, asked, await fetchJson(uri, validators, this.options, signal));
        return { keys: answer.keys };
      },
    });
    const keys = (await client.getKeys()) as readonly unknown[];
    if (answer === undefined) throw new JwksFetchError('not_a_key_set');
    return { ...answer, keys };
  }

  /**
   * The known address. Discovery is repeated once a day, because an abandoned address may go on answering; while that
   * fails, the known one stays in use.
   */
  private async discover(signal: AbortSignal): Promise<string> {
    const { discovered, options } = this;
    if (discovered === undefined) return this.remember(await this.discoverNow(signal));
    if (options.clock.now() < this.rediscoverAt) return discovered;
    // So that an issuer whose discovery hangs can still be asked for its keys.
    const half = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(options.timeoutMs / 2))]);
    const found = await this.discoverNow(half).catch(() => undefined);
    if (found !== undefined) return this.remember(found);
    this.rediscoverAt = options.clock.now() + KEY_POLICY.rediscoverRetryMs;
    return discovered;
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
    this.discovered = jwksUri;
    this.rediscoverAt = this.options.clock.now() + KEY_POLICY.rediscoverAfterMs;
    return jwksUri;
  }
}

/** `asked` is the answer whose validators went with the question. */
function asKeySet(
  jwksUri: string,
  asked: JwksAnswer | undefined,
  { status, headers, json }: JsonAnswer,
): JwksAnswer {
  if (status === 304) {
    if (asked === undefined)
      throw new JwksFetchError('http_status', { message: 'answered 304 unasked', status });
    return { status, headers: confirmedHeaders(asked.headers, headers), keys: asked.keys, jwksUri };
  }
  const keys: unknown =
    typeof json === 'object' && json !== null ? (json as { keys?: unknown }).keys : undefined;
  if (!Array.isArray(keys)) {
    throw new JwksFetchError('not_a_key_set', { message: 'answered JSON that is no JWK Set', status });
  }
  return { status, headers: keptHeaders(headers), keys, jwksUri };
}
