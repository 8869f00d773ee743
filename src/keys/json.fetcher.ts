import http, { type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { assertDialable, guardedLookup } from './dial.guard.js';
import { JwksFetchError } from './jwks-fetch.error.js';
import { parseRetryAfter } from './http-headers.js';

/** How a fetch is made and bounded. */
export interface FetchOptions {
  /** From connect to the last byte, in milliseconds. */
  readonly timeoutMs: number;
  /** Sent with each request. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** For proxies and private CAs; the default makes a new connection each time. */
  readonly requestAgent: Agent | undefined;
  /** Allows `http:` to hosts that are not loopback. */
  readonly allowHttp: boolean;
}

/** A JSON answer, or the news (304) that nothing has changed. */
export interface JsonAnswer {
  readonly status: 200 | 304;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body; undefined with 304. */
  readonly json: unknown;
}

/** After decompression, in bytes. */
const MAX_BODY_BYTES = 256 * 1024;
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const DECODERS: Record<string, () => NodeJS.ReadWriteStream & Readable> = {
  gzip: () => zlib.createGunzip(),
  'x-gzip': () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
};

/** True when this URL may be fetched: `https:`, or `http:` on loopback or where `allowHttp` says so. */
export function isSecureUrl(url: URL, allowHttp: boolean): boolean {
  return (
    url.protocol === 'https:' || (url.protocol === 'http:' && (allowHttp || LOOPBACK.test(url.hostname)))
  );
}

/**
 * One GET for JSON on `node:https`, bounded in time, in size after decompression, and in whom it may call.
 *
 * @throws JwksFetchError on everything but a 200 with JSON, or a 304
 */
export async function fetchJson(
  address: string,
  headers: Readonly<Record<string, string>>,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const url = new URL(address);
  if (!isSecureUrl(url, options.allowHttp)) {
    throw new JwksFetchError('insecure_url', {
      message: `${url.origin} is neither https nor loopback (allowHttp)`,
    });
  }
  assertDialable(url);
  const deadline = AbortSignal.timeout(options.timeoutMs);
  try {
    const response = await send(
      url,
      { ...headers, ...options.requestHeaders },
      options,
      AbortSignal.any([signal, deadline]),
    );
    return await receive(response);
  } catch (error) {
    throw asFetchError(error, signal, deadline);
  }
}

function send(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { requestAgent }: FetchOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // The default imports, called as properties: so the HTTP instrumentation sees them, in ESM too.
  const transport = url.protocol === 'https:' ? https : http;
  const request = transport.request(
    url,
    {
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'accept-encoding': 'gzip, br',
        ...headers,
      },
      agent: requestAgent ?? false,
      lookup: guardedLookup,
      signal,
    },
    resolve,
  );
  request.on('error', reject).end();
  return promise;
}

async function receive(response: IncomingMessage): Promise<JsonAnswer> {
  const { headers, statusCode: status = 0 } = response;
  if (status !== 200) {
    response.destroy();
    if (status === 304) return { status, headers, json: undefined };
    const code = status >= 300 && status < 400 ? 'redirect' : 'http_status';
    const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
    throw new JwksFetchError(code, { message: `answered ${status}`, status, retryAfterMs });
  }
  try {
    return { status, headers, json: parseJson(await readBody(response)) };
  } finally {
    response.destroy();
  }
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const encoding = response.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  const decoder = DECODERS[encoding]?.();
  // An error of the response must end the decoder too, or a cut connection would hang.
  const body: Readable =
    decoder === undefined ? response : response.on('error', (e) => decoder.destroy(e)).pipe(decoder);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new JwksFetchError('too_large', {
        message: `answered more than ${MAX_BODY_BYTES} bytes`,
        status: 200,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's message quotes the body, so it is not kept.
    throw new JwksFetchError('not_json', { message: 'answered something that is not JSON', status: 200 });
  }
}

function asFetchError(error: unknown, signal: AbortSignal, deadline: AbortSignal): JwksFetchError {
  if (error instanceof JwksFetchError) return error;
  if (signal.aborted) return new JwksFetchError('aborted', { message: 'aborted', cause: error });
  if (deadline.aborted)
    return new JwksFetchError('timeout', { message: 'did not answer in time', cause: error });
  const { code, message } = error as NodeJS.ErrnoException;
  return new JwksFetchError('network', { message: code ?? message, cause: error });
}
