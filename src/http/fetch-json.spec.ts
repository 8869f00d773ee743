import http from 'node:http';
import { connect } from 'node:net';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { HttpServer } from '../../test/support/http-server.js';
import { fetchJson, type FetchOptions } from './fetch-json.js';
import type { JwksFetchError } from './jwks-fetch.error.js';

const clock = new ManualClock();
const never = new AbortController().signal;
const BODY = '{"keys":[]}';

let server: HttpServer;
beforeEach(async () => {
  server = await HttpServer.start((_request, response) => void response.end(BODY));
});
afterEach(() => server[Symbol.asyncDispose]());

function get(url = server.url, changes: Partial<FetchOptions> = {}, signal = never): Promise<unknown> {
  const options: FetchOptions = {
    requestHeaders: {},
    headerOrigins: [],
    requestAgent: undefined,
    allowHttp: false,
    allowLinkLocal: false,
    maxBytes: 256 * 1024,
    clock,
    ...changes,
  };
  return fetchJson(url, {}, options, signal);
}

const failureOf = (response: Promise<unknown>): Promise<JwksFetchError> =>
  response.then(
    () => Promise.reject(new Error('was accepted')),
    (error: unknown) => error as JwksFetchError,
  );

/** An agent that connects to the server and reports another remote address, which a test cannot have. */
function agentOf(port: number, remoteAddress: string, options: http.AgentOptions = {}): http.Agent {
  const agent = new http.Agent(options);
  agent.createConnection = () => {
    const socket = connect(port, '127.0.0.1');
    if (remoteAddress !== '127.0.0.1')
      Object.defineProperty(socket, 'remoteAddress', {
        get: () => (socket.connecting ? undefined : remoteAddress),
      });
    return socket;
  };
  return agent;
}

describe('the body of a response', () => {
  it.each([
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
    ['deflate', zlib.deflateSync],
    ['identity', Buffer.from],
    ['GZIP ', zlib.gzipSync],
  ])('may be encoded as %s', async (encoding, encode: (body: Buffer) => Buffer) => {
    server.respond = (_, response) => {
      response.setHeader('content-encoding', encoding).end(encode(Buffer.from(BODY)));
    };
    expect(await get()).toMatchObject({ status: 200, json: { keys: [] } });
  });

  it.each(['gzip, br', 'zstd', 'constructor', 'toString'])('may not be encoded as %s', async (encoding) => {
    server.respond = (_, response) => void response.setHeader('content-encoding', encoding).end(BODY);
    expect(await failureOf(get())).toMatchObject({
      code: 'not_json',
      message: 'answered with a content coding that was not requested',
    });
  });

  it.each(['gzip', 'br'])('is not unpacked beyond 256 KiB of %s', async (encoding) => {
    const bomb = Buffer.alloc(64 * 1024 * 1024, ' ');
    const packed =
      encoding === 'gzip'
        ? zlib.gzipSync(bomb)
        : zlib.brotliCompressSync(bomb, {
            params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 },
          });
    server.respond = (_, response) => void response.setHeader('content-encoding', encoding).end(packed);
    expect(await failureOf(get())).toMatchObject({ code: 'too_large' });
  });

  it('may be 256 KiB long, and not a byte longer', async () => {
    server.respond = (_, response) => void response.end(BODY.padEnd(256 * 1024));
    expect(await get()).toMatchObject({ status: 200 });
    server.respond = (_, response) => void response.end(BODY.padEnd(256 * 1024 + 1));
    expect(await failureOf(get())).toMatchObject({ code: 'too_large' });
  });

  it('that breaks off in the middle of a packed stream is a failure', async () => {
    const packed = zlib.gzipSync(Buffer.from(BODY.padEnd(10_000)));
    server.respond = (_, response) => {
      response.setHeader('content-encoding', 'gzip').write(packed.subarray(0, 30), () => response.destroy());
    };
    expect(await failureOf(get())).toMatchObject({ code: 'network' });
  });

  it.each([
    ['an HTML page, which is not JSON', '<!doctype html><title>secret'],
    ['XML, which is not JSON', '<saml:Response>secret'],
    ['PEM, which is not JSON', '-----BEGIN PUBLIC KEY-----secret'],
    ['a JWT, which is not JSON', 'eyJzZWNyZXQiOjF9.e30.e30'],
    ['an empty body, which is not JSON', ''],
    ['something that is not JSON', 'secret'],
    ['JSON that is broken or cut off, or is not in UTF-8', '{"keys":["secret'],
    ['JSON that is broken or cut off, or is not in UTF-8', Buffer.from('{"keys":["\xff"]}', 'latin1')],
  ])('is refused when it is %s, and the error says no more of it', async (kind, body) => {
    server.respond = (_request, response) => void response.end(body);
    const { code, message } = await failureOf(get());
    expect([code, message]).toEqual(['not_json', `answered with ${kind}`]);
  });
});

describe('a response without status 200', () => {
  it.each([301, 302, 307, 308])('of %d is a redirect, and is not followed', async (status) => {
    server.respond = (_, response) => void response.writeHead(status, { location: '/elsewhere' }).end();
    expect(await failureOf(get())).toMatchObject({ code: 'redirect', status });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['30', 30_000],
    [new Date(clock.wallNow() + 90_000).toUTCString(), 90_000],
    [new Date(clock.wallNow() - 90_000).toUTCString(), 0],
    ['soon', undefined],
  ])('carries Retry-After: %s, by the injected clock', async (value, retryAfterMs) => {
    server.respond = (_, response) => void response.writeHead(429, { 'retry-after': value }).end();
    expect(await failureOf(get())).toMatchObject({ code: 'http_status', status: 429, retryAfterMs });
  });
});

describe('a blocked address', () => {
  it.each([
    'https://169.254.169.254/',
    'https://2852039166/',
    'https://0251.0376.0251.0376/',
    'https://0xa9fea9fe/',
    'https://169.254.43518/',
    'https://169.254.169.254./',
    'https://[::ffff:169.254.169.254]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://100.100.100.200/',
    'https://168.63.129.16/',
    'https://①⑥⑨.254.169.254/',
  ])('is refused as a literal: %s', async (url) => {
    expect(await failureOf(get(url))).toMatchObject({ code: 'forbidden_address' });
  });

  it.each(['http://issuer.test/', 'http://127.0.0.1.example/', 'ftp://127.0.0.1/', 'file:///etc/passwd'])(
    'is refused as insecure: %s',
    async (url) => {
      expect(await failureOf(get(url))).toMatchObject({ code: 'insecure_url' });
    },
  );

  it('is refused when the look-up of an agent resolves to it, before anything is sent', async () => {
    const agent = new http.Agent({
      lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    const url = `http://issuer.test:${server.port}/`;
    expect(await get(url, { allowHttp: true, requestAgent: agent })).toMatchObject({ status: 200 });
    expect(server.requests).toHaveLength(1);
    const blocked = agentOf(server.port, '169.254.169.254');
    expect(await failureOf(get(url, { allowHttp: true, requestAgent: blocked }))).toMatchObject({
      code: 'forbidden_address',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('is refused when an agent has a connection to it already', async () => {
    const agent = agentOf(server.port, '127.0.0.1', { keepAlive: true });
    expect(await get(server.url, { requestAgent: agent })).toMatchObject({ status: 200 });
    for (const socket of Object.values(agent.freeSockets).flat()) {
      Object.defineProperty(socket, 'remoteAddress', { value: '169.254.169.254' });
    }
    expect(await failureOf(get(server.url, { requestAgent: agent }))).toMatchObject({
      code: 'forbidden_address',
    });
    expect(server.requests).toHaveLength(1);
    agent.destroy();
  });
});

describe('an abort', () => {
  it('fails the request, and sends none when it came before', async () => {
    const controller = new AbortController();
    server.respond = () => controller.abort();
    expect(await failureOf(get(server.url, {}, controller.signal))).toMatchObject({ code: 'aborted' });
    expect(await failureOf(get(server.url, {}, controller.signal))).toMatchObject({ code: 'aborted' });
    expect(server.requests).toHaveLength(1);
  });
});
