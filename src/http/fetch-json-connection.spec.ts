import http from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpServer } from '../../test/support/http-server.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { LIBRARY_VERSION } from '../common/version.js';
import { fetchJson, type FetchOptions } from './fetch-json.js';

let server: HttpServer;
beforeEach(async () => {
  server = await HttpServer.start((_request, response) => void response.end('{"keys":[]}'));
});
afterEach(() => server[Symbol.asyncDispose]());

function get(
  changes: Partial<FetchOptions> = {},
  url = server.url,
  signal = new AbortController().signal,
): Promise<unknown> {
  const options: FetchOptions = {
    requestHeaders: {},
    headerOrigins: [new URL(server.url).origin],
    requestAgent: undefined,
    allowHttp: false,
    allowLinkLocal: false,
    maxBytes: 1_000,
    clock: new ManualClock(),
    ...changes,
  };
  return fetchJson(url, {}, options, signal);
}

/** A server that writes this to every connection and then closes it, or leaves it open. */
async function rawServer(text: string, close: boolean) {
  const raw = createServer((socket) => {
    socket.on('error', () => {}).once('data', () => (close ? socket.end(text) : socket.write(text)));
  }).listen(0, '127.0.0.1');
  await once(raw, 'listening');
  return {
    url: `http://127.0.0.1:${(raw.address() as AddressInfo).port}/`,
    [Symbol.dispose]: () => void raw.close(),
  };
}

describe('a request', () => {
  it('names the library and its version, unless the application does otherwise', async () => {
    await get();
    await get({ requestHeaders: { 'user-agent': 'mine' } });
    const agents = server.requests.map(({ headers }) => headers['user-agent']);
    expect(agents).toEqual([`nestjs-jwks-auth/${LIBRARY_VERSION}`, 'mine']);
  });

  it('carries the headers of the options to the own origins alone', async () => {
    const requestHeaders = { 'x-secret': 's' };
    await get({ requestHeaders });
    await get({ requestHeaders, headerOrigins: ['https://issuer.test'] });
    expect(server.requests.map(({ headers }) => headers['x-secret'])).toEqual(['s', undefined]);
  });

  it('carries what a function returns for its URL, called for each request', async () => {
    const credentials = ['one', 'two'];
    const requestHeaders = async (url: string) => ({
      'x-secret': `${credentials.shift()} ${new URL(url).pathname}`,
    });
    await get({ requestHeaders });
    await get({ requestHeaders });
    expect(server.requests.map(({ headers }) => headers['x-secret'])).toEqual(['one /', 'two /']);
  });

  it('fails when that function does, and is not sent', async () => {
    const requestHeaders = () => Promise.reject(new Error('no credentials'));
    const message = 'keys.requestHeaders threw an error';
    await expect(get({ requestHeaders })).rejects.toMatchObject({ code: 'network', message });
    const throws = () => {
      throw new Error('secret');
    };
    await expect(get({ requestHeaders: throws })).rejects.toMatchObject({ code: 'network', message });
    expect(server.requests).toEqual([]);
  });

  it.each([
    undefined,
    null,
    'x-secret: s',
    ['x-secret', 's'],
    { 'x-secret': 'a\r\nb' },
    { 'x-secret': undefined },
  ])('fails when that function returns no headers: %j', async (returned) => {
    await expect(get({ requestHeaders: () => returned as never })).rejects.toMatchObject({ code: 'network' });
    expect(server.requests).toEqual([]);
  });

  it('ends with its signal while that function hangs', async () => {
    const controller = new AbortController();
    const requestHeaders = () => {
      queueMicrotask(() => controller.abort());
      return new Promise<never>(() => {});
    };
    await expect(get({ requestHeaders }, server.url, controller.signal)).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('goes through the proxy that Node is told to use, unless an agent or NO_PROXY says otherwise', async () => {
    await using proxy = await HttpServer.start((_request, response) => void response.end('{"via":"proxy"}'));
    const own = http.globalAgent;
    try {
      // As Node does at its start with NODE_USE_ENV_PROXY=1 or --use-env-proxy.
      http.globalAgent = new http.Agent({ proxyEnv: { HTTP_PROXY: proxy.url } });
      expect(await get()).toMatchObject({ json: { via: 'proxy' } });
      expect(proxy.requests.map(({ url }) => url)).toEqual([server.url]);
      expect(await get({ requestAgent: new http.Agent() })).toMatchObject({ json: { keys: [] } });
      http.globalAgent = new http.Agent({ proxyEnv: { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } });
      expect(await get()).toMatchObject({ json: { keys: [] } });
    } finally {
      http.globalAgent = own;
    }
  });
});

describe('a connection', () => {
  it('that switches protocols ends the fetch at once', async () => {
    using raw = await rawServer(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      false,
    );
    await expect(get({}, raw.url)).rejects.toMatchObject({ code: 'http_status', status: 101 });
  });

  it('that closes without a response ends the fetch at once', async () => {
    using raw = await rawServer('', true);
    await expect(get({}, raw.url)).rejects.toMatchObject({ code: 'network' });
  });

  it('of an agent is kept after a 304', async () => {
    const requestAgent = new http.Agent({ keepAlive: true });
    server.respond = (_request, response) => void response.writeHead(304).end();
    await get({ requestAgent });
    server.respond = (_request, response) => void response.end('{}');
    await get({ requestAgent });
    const [first, second] = server.requests.map(({ socket }) => socket.remotePort);
    expect(first).toBe(second);
    requestAgent.destroy();
  });
});

describe('JSON', () => {
  it('may nest 32 levels deep, and brackets in texts do not count', async () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    server.respond = (_request, response) => void response.end(nested(32));
    await expect(get()).resolves.toBeDefined();
    server.respond = (_request, response) => void response.end(JSON.stringify([`${'['.repeat(40)}"\\`, '[']));
    await expect(get()).resolves.toBeDefined();
    server.respond = (_request, response) => void response.end(nested(33));
    await expect(get()).rejects.toMatchObject({ code: 'not_json' });
  });
});
