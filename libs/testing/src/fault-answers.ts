import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { AnswerFault, Fault } from './fault.js';

/** A complete HTTP response. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** What a fault works with. */
export interface Exchange {
  readonly response: ServerResponse;
  readonly path: string;
  /** The response without a fault; called at the moment of responding. */
  readonly ordinary: () => Answer;
  /** The same for an unconditional request: never 304. */
  readonly whole: () => Answer;
  /** Aborted when the issuer closes. */
  readonly signal: AbortSignal;
  /** Resets the connection. */
  readonly reset: () => void;
}

const DRIP_INTERVAL_MS = 100;
const HUGE_CHUNK = Buffer.alloc(64 * 1_024, 'x');
const HUGE_CHUNKS = 4_096;
const BOMB_CHUNK_BYTES = 1_024 * 1_024;
const BOMB_CHUNKS = 256;
const LOGIN_PAGE = '<!doctype html><title>Sign in</title><form method="post"><input name="user"></form>';

/** Where the redirect points: a path below it gets the ordinary response. */
export const ELSEWHERE = '/elsewhere';

/** Sends a response in one piece. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, ...(status === 304 ? {} : { 'content-length': body.length }) });
  response.end(status === 304 ? undefined : body);
}

/** Responds with the fault; without one, with the ordinary response. */
export async function answer(fault: Fault | undefined, exchange: Exchange): Promise<void> {
  if (fault === undefined) return send(exchange.response, exchange.ordinary());
  if (typeof fault === 'object') return answerOtherwise(fault, exchange);
  return FAULTS[fault](exchange);
}

const FAULTS: Readonly<Record<Extract<Fault, string>, (exchange: Exchange) => void | Promise<void>>> = {
  hang: () => {},
  reset: ({ reset }) => reset(),
  cut({ response, whole }) {
    const { status, headers, body } = whole();
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.write(half(body), () => response.destroy());
  },
  drip,
  huge({ response, whole }) {
    response.writeHead(200, withoutValidators(whole().headers));
    return stream(response, hugeBody(whole().body));
  },
  'gzip-bomb'({ response, whole }) {
    const { headers, body } = whole();
    response.writeHead(200, { ...withoutValidators(headers), 'content-encoding': 'gzip' });
    return stream(response, bombBody(body));
  },
  html({ response }) {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    send(response, { status: 200, headers, body: Buffer.from(LOGIN_PAGE) });
  },
  empty({ response, whole }) {
    const headers = withoutValidators(whole().headers);
    send(response, { status: 200, headers, body: Buffer.from('{"keys":[]}') });
  },
  truncated: ({ response, whole }) => send(response, { ...whole(), body: half(whole().body) }),
  redirect({ response, path }) {
    send(response, { status: 302, headers: { location: ELSEWHERE + path }, body: Buffer.alloc(0) });
  },
};

const half = (body: Buffer): Buffer => body.subarray(0, body.length >> 1);

/** The validators of another body would let a later 304 confirm the wrong one. */
function withoutValidators(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const validators = ['etag', 'last-modified'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !validators.includes(name)));
}

async function answerOtherwise(
  fault: AnswerFault,
  { response, ordinary, whole, signal }: Exchange,
): Promise<void> {
  const { latencyMs = 0, status, headers, body } = fault;
  if (latencyMs > 0) await delay(latencyMs, undefined, { ref: false, signal });
  const base = otherwise(status, body, status === undefined && body === undefined ? ordinary() : whole());
  send(response, { ...base, headers: { ...base.headers, ...headers } });
}

function otherwise(status: number | undefined, body: AnswerFault['body'], base: Answer): Answer {
  const isError = status !== undefined && status !== 200;
  if (body === undefined && !isError) return base;
  return {
    status: status ?? 200,
    headers: isError ? {} : withoutValidators(base.headers),
    body: Buffer.from((body ?? '') as string),
  };
}

async function drip({ response, whole, signal }: Exchange): Promise<void> {
  const { status, headers, body } = whole();
  response.writeHead(status, { ...headers, 'content-length': body.length });
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await delay(DRIP_INTERVAL_MS, undefined, { ref: false, signal });
  }
  response.end();
}

/** Streams with backpressure, and stops when the client disconnects. */
async function stream(response: ServerResponse, chunks: Iterable<Buffer>): Promise<void> {
  await pipeline(Readable.from(chunks), response);
}

/** The document with a member of 256 MB in front: a client that reads it to the end finds valid keys. */
function* hugeBody(document: Buffer): Generator<Buffer> {
  yield Buffer.from('{"padding":"');
  for (let n = 0; n < HUGE_CHUNKS; n += 1) yield HUGE_CHUNK;
  yield restOf(document);
}

/** The same as a series of gzip members (RFC 1952 §2.2). */
function* bombBody(document: Buffer): Generator<Buffer> {
  const chunk = gzipSync(Buffer.alloc(BOMB_CHUNK_BYTES, 'x'));
  yield gzipSync('{"padding":"');
  for (let n = 0; n < BOMB_CHUNKS; n += 1) yield chunk;
  yield gzipSync(restOf(document));
}

const restOf = (document: Buffer): Buffer =>
  Buffer.concat([Buffer.from('",'), document.subarray(document.indexOf('{') + 1)]);
