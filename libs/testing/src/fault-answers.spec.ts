import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createGunzip } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from './fault.js';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';

const MEGABYTE = 1_024 * 1_024;

let issuer: TestIssuer;
let ordinary: string;
beforeEach(async () => {
  issuer = await startTestIssuer({ algorithm: 'ES256', cacheControl: 'max-age=60' });
  ordinary = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) });
});
afterEach(async () => {
  await expectRecovery();
  await issuer.close();
});

const ask = (headers: Record<string, string> = {}) => fetch(issuer.jwksUri, { headers, redirect: 'manual' });

async function expectRecovery(): Promise<void> {
  issuer.fault(undefined);
  expect(await (await ask()).text()).toBe(ordinary);
}

/** The answer as far as its headers, on a connection of its own. */
async function open(): Promise<IncomingMessage> {
  const [response] = (await once(http.get(issuer.jwksUri, { agent: false }), 'response')) as [
    IncomingMessage,
  ];
  return response;
}

async function sizeOf(stream: AsyncIterable<Buffer>): Promise<{ size: number; head: string; tail: string }> {
  let size = 0;
  let head = '';
  let tail = '';
  for await (const chunk of stream) {
    if (size === 0) head = chunk.subarray(0, 100).toString();
    size += chunk.length;
    tail = (tail + chunk.subarray(-1_000).toString()).slice(-1_000);
  }
  return { size, head, tail };
}

describe('an answer', () => {
  it('that is late comes after one that was asked for later', async () => {
    issuer.fault({ latencyMs: 50 }, { times: 1 });
    const arrivals: string[] = [];
    const late = ask().then(async (response) => [arrivals.push('late'), await response.text()]);
    while (issuer.requests.jwks === 0) await new Promise(setImmediate);
    await ask().then(() => arrivals.push('prompt'));
    expect(await late).toEqual([2, ordinary]);
    expect(arrivals).toEqual(['prompt', 'late']);
  });

  it('that is late may be 304', async () => {
    issuer.fault({ latencyMs: 1 });
    const etag = (await ask()).headers.get('etag')!;
    expect((await ask({ 'if-none-match': etag })).status).toBe(304);
  });

  it('may have another status, with headers and a body of its own', async () => {
    issuer.fault({ status: 429, headers: { 'retry-after': '7' }, body: 'slow down' });
    const refused = await ask({ 'if-none-match': '*' });
    expect([refused.status, refused.headers.get('retry-after'), await refused.text()]).toEqual([
      429,
      '7',
      'slow down',
    ]);
    expect([refused.headers.get('cache-control'), refused.headers.get('etag')]).toEqual([null, null]);
    issuer.fault({ status: 500, latencyMs: 1 });
    const failed = await ask();
    expect([failed.status, await failed.text()]).toEqual([500, '']);
  });

  it('may be ordinary but for its headers, or for its body', async () => {
    issuer.fault({ headers: { 'cache-control': 'no-store', age: '5' } });
    const { headers } = await ask();
    expect([headers.get('cache-control'), headers.get('age')]).toEqual(['no-store', '5']);
    expect(headers.get('content-type')).toBe('application/jwk-set+json');
    issuer.fault({ body: '[]' });
    const other = await ask({ 'if-none-match': '*' });
    expect([other.status, await other.text(), other.headers.get('etag')]).toEqual([200, '[]', null]);
  });
});

it("'hang' takes the request and never answers", async () => {
  issuer.fault('hang', { times: 1 });
  const hanging = ask().then(
    () => 'answered',
    () => 'cut',
  );
  while (issuer.requests.jwks === 0) await new Promise(setImmediate);
  expect(await Promise.race([hanging, ask().then(() => 'the next request was answered')])).toBe(
    'the next request was answered',
  );
});

it("'reset' resets the connection before any answer", async () => {
  issuer.fault('reset');
  await expect(open()).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it("'cut' ends the connection in mid-body", async () => {
  issuer.fault('cut');
  const response = await open();
  expect([response.statusCode, response.headers['content-length']]).toEqual([200, String(ordinary.length)]);
  let received = '';
  const reading = (async () => {
    for await (const chunk of response) received += String(chunk);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(received).toBe(ordinary.slice(0, ordinary.length / 2));
});

it("'drip' sends byte after byte", async () => {
  issuer.fault('drip');
  const response = await open();
  expect(response.headers['content-length']).toBe(String(ordinary.length));
  const chunks: string[] = [];
  for await (const chunk of response) {
    if (chunks.push(String(chunk)) === 3) break;
  }
  expect(chunks.join('')).toBe(ordinary.slice(0, 3));
});

it("'huge' is JSON of 256 MB with good keys at its end", async () => {
  issuer.fault('huge');
  const response = await open();
  expect(response.headers['content-length']).toBeUndefined();
  const { size, head, tail } = await sizeOf(response);
  expect(size).toBeGreaterThan(256 * MEGABYTE);
  expect(head).toMatch(/^\{"padding":"x*$/);
  expect(tail.replace(/^x+/, '')).toBe(`",${ordinary.slice(1)}`);
});

it("'huge' is sent no faster than it is read, and no further when the client has gone", async () => {
  const sockets: Socket[] = [];
  const note = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
  diagnostics.subscribe('http.server.request.start', note);
  issuer.fault('huge');
  const response = await open();
  await once(response, 'readable');
  diagnostics.unsubscribe('http.server.request.start', note);
  const [socket] = sockets as [Socket];
  expect(socket.bytesWritten).toBeLessThan(32 * MEGABYTE);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  response.destroy();
  await closed;
  expect(socket.bytesWritten).toBeLessThan(32 * MEGABYTE);
});

it("'gzip-bomb' is the same in less than a megabyte", async () => {
  issuer.fault('gzip-bomb');
  const response = await open();
  expect(response.headers['content-encoding']).toBe('gzip');
  let packed = 0;
  response.on('data', (chunk: Buffer) => void (packed += chunk.length));
  const { size, head, tail } = await sizeOf(response.pipe(createGunzip()));
  expect(packed).toBeLessThan(MEGABYTE);
  expect(size).toBeGreaterThan(256 * MEGABYTE);
  expect(head).toMatch(/^\{"padding":"x*$/);
  expect(tail.replace(/^x+/, '')).toBe(`",${ordinary.slice(1)}`);
});

const WRONG_DOCUMENTS: [Fault, string, (body: string) => boolean][] = [
  ['html', 'text/html; charset=utf-8', (body) => body.startsWith('<!doctype html>')],
  ['empty', 'application/jwk-set+json', (body) => body === '{"keys":[]}'],
  ['truncated', 'application/jwk-set+json', (body) => body === ordinary.slice(0, ordinary.length / 2)],
];
it.each(WRONG_DOCUMENTS)('%j is a whole answer with status 200', async (fault, type, isExpected) => {
  issuer.fault(fault);
  const response = await ask({ 'if-none-match': '*' });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
  expect(await response.text()).toSatisfy(isExpected);
});

it("'redirect' points at a place that gives the ordinary answer, and shows who follows", async () => {
  issuer.fault('redirect');
  const response = await ask();
  expect([response.status, response.headers.get('location')]).toEqual([302, '/elsewhere/jwks']);
  expect(issuer.requests.log.map(({ path }) => path)).toEqual(['/jwks']);
  expect(await (await fetch(issuer.jwksUri)).text()).toBe(ordinary);
  expect(issuer.requests.log.at(-1)?.path).toBe('/elsewhere/jwks');
});
