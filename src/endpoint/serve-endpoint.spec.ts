import {
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Module,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS, type Adapter } from '../../test/support/guarded-app.js';
import { checkEndpointPath, type Endpoint } from './endpoint.js';
import { FormBodyError, formValues } from './form-body.js';
import { serveEndpoint } from './serve-endpoint.js';

let app: INestApplication | undefined;
afterEach(() => app?.close());

const HEADERS = { 'cache-control': 'no-store' };
const document: Endpoint = {
  path: '/.well-known/document',
  headers: HEADERS,
  methods: { GET: () => ({ status: 200, body: { name: 'document' } }) },
};
const form: Endpoint = {
  path: '/form',
  headers: HEADERS,
  methods: {
    async POST(request) {
      try {
        return { status: 200, body: { values: await formValues(request, 'token', 100) } };
      } catch (error) {
        return { status: 400, body: { problem: (error as FormBodyError).problem } };
      }
    },
  },
};

interface Changes {
  readonly adapter: Adapter;
  readonly endpoints?: readonly Endpoint[];
  readonly bodyParser?: boolean;
  readonly router?: object;
  readonly prepare?: (app: INestApplication) => void;
}

/** Starts an application whose own routes match everything, under a prefix and versions where the test says so. */
async function start({ adapter, endpoints = [document, form], bodyParser = true, router, prepare }: Changes) {
  @Controller()
  class CatchAllController {
    @Get('*')
    get(): string {
      return 'application';
    }
  }
  @Module({ controllers: [CatchAllController] })
  class EndpointModule {
    constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}
    configure(): void {
      for (const endpoint of endpoints) serveEndpoint(this.host.httpAdapter, endpoint);
    }
  }
  const options = { logger: false, bodyParser, abortOnError: false } as const;
  app = await (adapter === 'fastify'
    ? NestFactory.create(EndpointModule, new FastifyAdapter(router && { routerOptions: router }), options)
    : NestFactory.create(EndpointModule, options));
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return (path: string, init?: RequestInit) => fetch(url + path, init);
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const post = (body: string, headers: Record<string, string> = FORM) => ({ method: 'POST', body, headers });

describe.each(ADAPTERS)('an endpoint on %s', (adapter) => {
  it('comes before the routes of the application, beside its prefix and versions', async () => {
    const request = await start({
      adapter,
      prepare: (one) =>
        void one.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    });
    const response = await request('/.well-known/document?x=1');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ name: 'document' });
    expect((await request('/api/v1/.well-known/document')).status).toBe(200);
    expect(await (await request('/api/v1/.well-known/document')).text()).toBe('application');
  });

  it.each(['/.well-known/document/', '/.WELL-KNOWN/document', '/.well-known/documents'])(
    'leaves %s to the application',
    async (path) => {
      const request = await start({ adapter });
      expect(await (await request(path)).text()).toBe('application');
    },
  );

  it.each(['/a:b', '/a(b)', '/a!b+c', '/a%20b', '/a:/%C3%BC', '/::'])(
    'serves the path %s as it is written',
    async (path) => {
      const request = await start({ adapter, endpoints: [{ ...document, path }] });
      expect(await (await request(path)).json()).toEqual({ name: 'document' });
      expect(await (await request('/axb')).text()).toBe('application');
    },
  );

  it('serves HEAD as GET, and refuses other methods with what is allowed', async () => {
    const request = await start({ adapter });
    const head = await request('/.well-known/document', { method: 'HEAD' });
    expect([head.status, head.headers.get('cache-control'), await head.text()]).toEqual([
      200,
      'no-store',
      '',
    ]);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const refused = await request('/.well-known/document', { method });
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
      expect(refused.headers.get('cache-control')).toBe('no-store');
    }
    const refused = await request('/form');
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('responds with 500 to a handler that fails', async () => {
    const fail = () => {
      throw new Error('secret');
    };
    const request = await start({ adapter, endpoints: [{ ...document, methods: { GET: fail } }] });
    const response = await request('/.well-known/document');
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('keeps the headers that the middleware of the application sets', async () => {
    const request = await start({
      adapter,
      prepare: (one) =>
        one.use(
          (_: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
            response.setHeader('x-frame-options', 'DENY');
            next();
          },
        ),
    });
    expect((await request('/.well-known/document')).headers.get('x-frame-options')).toBe('DENY');
  });

  it.each<[string, Record<string, string>, string]>([
    ['is no JSON', { 'content-type': 'application/json' }, '{'],
    ['has an unknown encoding', { ...FORM, 'content-encoding': 'x' }, 'token=a'],
    ['is larger than parsers read', FORM, `token=${'x'.repeat(300_000)}`],
    ['has more parameters than parsers read', FORM, '&a='.repeat(2_000)],
  ])('responds in its own way to a body that %s', async (_, headers, body) => {
    const request = await start({ adapter });
    const refused = await request('/form', post(body, headers));
    expect([refused.status, refused.headers.get('cache-control')]).toEqual([400, 'no-store']);
    const put = await request('/form', { ...post(body, headers), method: 'PUT' });
    expect([put.status, put.headers.get('cache-control')]).toEqual([405, 'no-store']);
    expect((await request('/form', post('token=a'))).status).toBe(200);
  });

  describe.each([true, false])('with bodyParser: %s', (bodyParser) => {
    const send = async (init: RequestInit) => {
      const request = await start({ adapter, bodyParser });
      const response = await request('/form', init);
      return [response.status, await response.json()];
    };

    it('reads every value of a parameter of a form', async () => {
      expect(await send(post('other=1&token=a%20b'))).toEqual([200, { values: ['a b'] }]);
      await app?.close();
      expect(await send(post('token=a&token=b'))).toEqual([200, { values: ['a', 'b'] }]);
      await app?.close();
      expect(await send(post('other=1'))).toEqual([200, { values: [] }]);
    });

    it('reads a form that says its charset, and nothing that is no form', async () => {
      const charset = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
      expect(await send(post('token=a', charset))).toEqual([200, { values: ['a'] }]);
      await app?.close();
      const json = { 'content-type': 'application/json' };
      expect(await send(post('{"token":"a"}', json))).toEqual([400, { problem: 'not_a_form' }]);
    });

    it('refuses a body that is too large, with and without a length', async () => {
      expect(await send(post(`token=${'x'.repeat(90)}`))).toEqual([200, { values: ['x'.repeat(90)] }]);
      await app?.close();
      const large = `token=${'x'.repeat(101)}`;
      expect(await send(post(large))).toEqual([400, { problem: 'too_large' }]);
      await app?.close();
      const padded = `token=a&other=${'x'.repeat(100)}`;
      expect(await send(post(padded))).toEqual([400, { problem: 'too_large' }]);
      await app?.close();
      const chunked = { method: 'POST', headers: FORM, body: new Blob([large]).stream(), duplex: 'half' };
      expect(await send(chunked as RequestInit)).toEqual([400, { problem: 'too_large' }]);
    });
  });
});

it('on Express what middleware of the application refuses stays refused', async () => {
  const request = await start({
    adapter: 'express',
    prepare: (one) =>
      one.use(({ url }: { url: string }, _: unknown, next: (error?: Error) => void) =>
        next(url.endsWith('?refused') ? new ForbiddenException() : undefined),
      ),
  });
  expect((await request('/form?refused', post('token=a'))).status).toBe(403);
  expect((await request('/form', post('token=a'))).status).toBe(200);
});

it('on Fastify the path is exact, whatever its router takes for the same', async () => {
  const options = { ignoreTrailingSlash: true, caseSensitive: false };
  const request = await start({ adapter: 'fastify', router: options });
  expect((await request('/.well-known/document')).status).toBe(200);
  for (const path of ['/.well-known/document/', '/.well-known/DOCUMENT'])
    expect((await request(path)).status).toBe(404);
});

it('an adapter that is neither Express nor Fastify ends the start', () => {
  const adapter = { getType: () => 'other', getInstance: <T>() => ({}) as T };
  expect(() => serveEndpoint(adapter, document)).toThrow(/needs the adapter of Express or Fastify/);
});

it.each(['', 'logout', '//logout', '/a?b', '/a#b', '/a*', '/a b', '/ä', '/%zz', 1, undefined])(
  'the path %j is a TypeError that names the option',
  (path) => {
    expect(() => checkEndpointPath('some.path', path)).toThrow(/option "some\.path"/);
  },
);
