import http, { type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Clock } from '../common/clock.js';
import { assertNotBlocked, blockedAddressLookup, destroyIfBlocked } from './blocked-addresses.js';
import { ACCEPTED_ENCODINGS, readJson } from './json-body.js';
import { JwksFetchError } from './jwks-fetch.error.js';
import { parseRetryAfter } from './cache-headers.js';
import { isSecureUrl } from './safe-url.js';

/** How a request is sent, and what bounds it. */
export interface FetchOptions {
  /** Sent with each request. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** For proxies and private certificate authorities; by default each request has a connection of its own. */
  readonly requestAgent: Agent | undefined;
  /** Allows `http:` to hosts that are not loopback. */
  readonly allowHttp: boolean;
  /** What a `Retry-After` that is a date is compared with. */
  readonly clock: Clock;
}

/** A response with JSON, or a 304. */
export interface JsonResponse {
  readonly status: 200 | 304;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; undefined with 304. */
  readonly json: unknown;
}

/**
 * One GET for JSON over `node:https`: its size after decompression is bounded, so is its time (by `signal`), and some
 * addresses are blocked.
 *
 * @throws JwksFetchError on everything but a 200 with JSON, or a 304; the reason of `signal` when that is one
 */
export async function fetchJson(
  address: string,
  headers: Readonly<Record<string, string>>,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<JsonResponse> {
  const url = new URL(address);
  if (!isSecureUrl(url, options.allowHttp)) {
    throw new JwksFetchError('insecure_url', {
      message: `${url.origin} is neither https nor loopback (allowHttp)`,
    });
  }
  assertNotBlocked(url);
  try {
    const response = await send(url, { ...headers, ...options.requestHeaders }, options, signal);
    return await receive(response, options.clock);
  } catch (error) {
    throw asFetchError(error, signal);
  }
}

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { requestAgent }: FetchOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // Called as properties of the default imports, so that the HTTP instrumentation patches them in ES modules too.
  const transport = url.protocol === 'https:' ? https : http;
  const request = transport.request(
    url,
    {
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'accept-encoding': ACCEPTED_ENCODINGS,
        ...headers,
      },
      agent: requestAgent ?? false,
      lookup: blockedAddressLookup,
      signal,
    },
    resolve,
  );
  request.on('socket', destroyIfBlocked).on('error', reject).end();
  return promise;
}

async function receive(response: IncomingMessage, clock: Clock): Promise<JsonResponse> {
  const { headers, statusCode: status = 0 } = response;
  if (status === 304) {
    response.destroy();
    return { status, headers, json: undefined };
  }
  if (status !== 200) {
    const code = status >= 300 && status < 400 ? 'redirect' : 'http_status';
    const retryAfterMs = parseRetryAfter(headers['retry-after'], clock.wallNow());
    const error = new JwksFetchError(code, { message: `answered ${status}`, status, retryAfterMs });
    // The body stays unread. Destroyed with the error, the response shows it on the span of the HTTP instrumentation.
    response.on('error', () => {}).destroy(error);
    throw error;
  }
  try {
    return { status, headers, json: await readJson(response) };
  } finally {
    response.destroy();
  }
}

function asFetchError(error: unknown, signal: AbortSignal): JwksFetchError {
  if (error instanceof JwksFetchError) return error;
  if (signal.reason instanceof JwksFetchError) return signal.reason;
  if (signal.aborted) return new JwksFetchError('aborted', { message: 'aborted', cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  return new JwksFetchError('network', { message: code ?? message, cause: error });
}
