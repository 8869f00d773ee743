import http, { type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { finished } from 'node:stream/promises';
import type { Clock } from '../common/clock.js';
import { isJsonObject } from '../common/json-object.js';
import { LIBRARY_VERSION } from '../common/version.js';
import {
  assertNotBlocked,
  blockedAddressLookup,
  destroyIfBlocked,
  isThisMachine,
} from './blocked-addresses.js';
import { ACCEPTED_ENCODINGS, readJson } from './json-body.js';
import { JwksFetchError } from './jwks-fetch.error.js';
import { parseRetryAfter } from './cache-headers.js';
import { isSecureUrl } from './safe-url.js';

const USER_AGENT = `nestjs-jwks-auth/${LIBRARY_VERSION}`;

/** Headers of requests to an issuer, or a function that returns those for a URL. */
export type RequestHeaders =
  | Readonly<Record<string, string>>
  | ((url: string) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** How a request is sent, and what bounds it. */
export interface FetchOptions {
  /** An object is sent to `headerOrigins` alone; a function decides for each URL. */
  readonly requestHeaders: RequestHeaders;
  /** The origins of the issuer and of a configured `jwksUri`. */
  readonly headerOrigins: readonly string[];
  /** How large a body may be after decompression, in bytes. */
  readonly maxBytes: number;
  /** Allows link-local addresses that are not metadata services. */
  readonly allowLinkLocal: boolean;
  /** Refuses hosts that are this machine; by default they are allowed. */
  readonly refuseThisMachine?: boolean;
  /** For proxies and private certificate authorities; by default each request has a connection of its own. */
  readonly requestAgent: Agent | undefined;
  /** Allows `http:` to hosts that are not loopback. */
  readonly allowHttp: boolean;
  /** What a `Retry-After` that is a date is compared with. */
  readonly clock: Clock;
  /** Called with the head of each response, whatever its status. */
  readonly onResponse?: (head: ResponseHead) => void;
}

/** What precedes the body of a response. */
export interface ResponseHead {
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** A response with JSON, or a 304. */
export interface JsonResponse {
  readonly status: 200 | 304;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; undefined with 304. */
  readonly json: unknown;
}

/**
 * One GET for JSON over `node:https` or `node:http`: its size after decompression is bounded, so is its time (by `signal`), and some
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
  assertNotBlocked(url, options.allowLinkLocal);
  if (options.refuseThisMachine === true && isThisMachine(url)) {
    throw new JwksFetchError('forbidden_address', { message: `the address ${url.hostname} is blocked` });
  }
  try {
    const own = await headersFor(url, options, signal);
    const response = await send(url, { 'user-agent': USER_AGENT, ...headers, ...own }, options, signal);
    const { statusCode: status = 0 } = response;
    options.onResponse?.({ url: url.href, status, headers: response.headers });
    return await receive(response, options);
  } catch (error) {
    throw asFetchError(error, signal);
  }
}

async function headersFor(
  url: URL,
  { requestHeaders, headerOrigins }: FetchOptions,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  if (typeof requestHeaders !== 'function') return headerOrigins.includes(url.origin) ? requestHeaders : {};
  const given = (async () => requestHeaders(url.href))().catch((cause: unknown) => {
    // Its message may hold a secret, and this one goes into a log.
    throw new JwksFetchError('network', { message: 'keys.requestHeaders threw an error', cause });
  });
  const headers: unknown = await untilAborted(given, signal);
  if (isJsonObject(headers)) return headers as Record<string, string>;
  throw new JwksFetchError('network', { message: 'keys.requestHeaders returned no object' });
}

/** Settles as `work` does, or rejects when the signal aborts before that. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { requestAgent, allowLinkLocal, refuseThisMachine }: FetchOptions,
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
      agent: requestAgent ?? agentFor(url),
      lookup: blockedAddressLookup(allowLinkLocal, refuseThisMachine === true ? url.hostname : undefined),
      signal,
    },
    resolve,
  );
  request
    .on('socket', (socket) => destroyIfBlocked(socket, allowLinkLocal))
    .on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new JwksFetchError('http_status', { message: 'answered 101', status: 101 }));
    })
    .on('error', reject)
    .on('close', () => reject(new JwksFetchError('network', { message: 'closed without a response' })))
    .end();
  return promise;
}

/**
 * By default each request has a connection of its own, or one through the proxy that Node is set to use: by
 * NODE_USE_ENV_PROXY or `--use-env-proxy`, which both show in its global agents.
 */
function agentFor({ protocol }: URL): Agent | false {
  const transport = protocol === 'https:' ? https : http;
  const { options } = transport.globalAgent as { readonly options?: https.AgentOptions };
  return options?.proxyEnv === undefined ? false : new transport.Agent({ proxyEnv: options.proxyEnv });
}

async function receive(response: IncomingMessage, { clock, maxBytes }: FetchOptions): Promise<JsonResponse> {
  const { headers, statusCode: status = 0 } = response;
  if (status === 304) {
    // Read to its end, so that an agent can keep the connection.
    await finished(response.resume());
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
    return { status, headers, json: await readJson(response, maxBytes) };
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
