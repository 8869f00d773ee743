import { VersioningType } from '@nestjs/common';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import type { AuthModuleExtras, AuthOptions, ResourceOptions } from 'nestjs-jwks-auth';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AuthModule } from 'nestjs-jwks-auth';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ADAPTERS, SampleController, startGuardedApp, type Adapter } from '../../support/guarded-app.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const identifier = 'https://api.example.com/mcp';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer({ audience: identifier });
});
afterAll(() => issuer.close());

async function start(
  adapter: Adapter,
  resource: ResourceOptions,
  options: Partial<AuthOptions & AuthModuleExtras> = {},
) {
  const api = await startGuardedApp({ issuer: issuer.issuer, resource, ...options }, { adapter });
  onTestFinished(() => api.app.close());
  return (path: string, init?: RequestInit) => fetch(api.url + path, init);
}

const metadataIn = (response: Response) =>
  /resource_metadata="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1];

describe.each(ADAPTERS)('the metadata of a protected resource on %s', (adapter) => {
  it('stands at the path that the identifier gives, with what the options say and nothing empty', async () => {
    const request = await start(adapter, {
      identifier,
      scopes: ['files:read', 'files:write'],
      name: 'Files',
      documentation: 'https://docs.example.com/files',
      policy: 'https://example.com/policy',
      termsOfService: 'https://example.com/terms',
      extra: { 'resource_name#de': 'Dateien', dpop_signing_alg_values_supported: [] },
    });
    const response = await request(`${WELL_KNOWN}/mcp`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(response.headers.get('cache-control')).toMatch(/max-age=\d+/);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toEqual({
      resource: identifier,
      authorization_servers: [issuer.issuer],
      scopes_supported: ['files:read', 'files:write'],
      resource_name: 'Files',
      resource_documentation: 'https://docs.example.com/files',
      resource_policy_uri: 'https://example.com/policy',
      resource_tos_uri: 'https://example.com/terms',
      'resource_name#de': 'Dateien',
    });
    expect((await request(WELL_KNOWN)).status).toBe(404);
  });

  it('is served to GET, HEAD and OPTIONS, and to nothing else', async () => {
    const request = await start(adapter, { identifier });
    const path = `${WELL_KNOWN}/mcp`;
    const head = await request(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await request(path, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-headers': 'mcp-protocol-version' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
    expect(preflight.headers.get('access-control-allow-headers')).toBe('mcp-protocol-version');
    expect(preflight.headers.get('vary')).toBe('Access-Control-Request-Headers');
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const refused = await request(path, { method });
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
      expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('is public under guardEveryRoute, outside of the global prefix and of versions', async () => {
    @Module({
      imports: [
        AuthModule.forRoot({ issuer: issuer.issuer, resource: { identifier }, guardEveryRoute: true }),
      ],
      controllers: [SampleController],
    })
    class PrefixedModule {}
    const options = { logger: false, abortOnError: false } as const;
    const app = await (adapter === 'fastify'
      ? NestFactory.create(PrefixedModule, new FastifyAdapter(), options)
      : NestFactory.create(PrefixedModule, options));
    onTestFinished(() => app.close());
    app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    expect((await fetch(`${url}${WELL_KNOWN}/mcp`)).status).toBe(200);
    const refused = await fetch(`${url}/api/v1/me`);
    expect([refused.status, metadataIn(refused)]).toEqual([401, `https://api.example.com${WELL_KNOWN}/mcp`]);
  });

  it.each([
    ['https://api.example.com', WELL_KNOWN],
    ['https://api.example.com/', WELL_KNOWN],
    ['https://API.example.com:8443/mcp/', `${WELL_KNOWN}/mcp/`],
    ['HTTPS://api.example.com/a:b/%7Euser', `${WELL_KNOWN}/a:b/%7Euser`],
    ['https://api.example.com/mcp?tenant=a', `${WELL_KNOWN}/mcp?tenant=a`],
    ['https://api.example.com/?tenant=a', `${WELL_KNOWN}?tenant=a`],
    ['http://localhost:3000/mcp', `${WELL_KNOWN}/mcp`],
  ])('for %s is at %s, letter by letter, as the challenge names it', async (given, path) => {
    const request = await start(adapter, { identifier: given });
    const response = await request(path);
    expect(await response.json()).toMatchObject({ resource: given });
    const refused = await request('/me', { headers: { host: 'evil.example' } });
    const origin = /^https?:\/\/[^/]+/i.exec(given)?.[0];
    expect(metadataIn(refused)).toBe(`${origin}${path}`);
  });

  it('is at the root as well, on demand', async () => {
    const request = await start(adapter, { identifier, alsoAtRoot: true });
    const [atPath, atRoot] = await Promise.all([request(`${WELL_KNOWN}/mcp`), request(WELL_KNOWN)]);
    expect(await atRoot.text()).toBe(await atPath.text());
    expect(atRoot.status).toBe(200);
  });

  it('is in every Bearer challenge, from the configuration and never from Host', async () => {
    const request = await start(adapter, { identifier });
    const url = `https://api.example.com${WELL_KNOWN}/mcp`;
    const bearer = (token: string) => ({
      headers: { authorization: `Bearer ${token}`, host: 'evil.example' },
    });
    const outcomes = await Promise.all([
      request('/scoped'),
      request('/scoped', bearer('no-jwt')),
      request('/scoped', bearer('not b64')),
      request('/scoped', bearer(issuer.token())),
    ]);
    expect(outcomes.map((one) => [one.status, metadataIn(one)])).toEqual([
      [401, url],
      [401, url],
      [400, url],
      [403, url],
    ]);
    const granted = await request('/scoped', bearer(issuer.token({ scope: 'read:orders list:orders' })));
    expect(granted.status).toBe(200);
    expect(outcomes.map((one) => one.headers.get('www-authenticate'))).toEqual([
      `Bearer realm="${identifier}", scope="read:orders list:orders", resource_metadata="${url}"`,
      expect.stringMatching(/error="invalid_token".*scope="read:orders list:orders"/),
      expect.stringMatching(/error="invalid_request"/),
      expect.stringMatching(/error="insufficient_scope".*scope="read:orders list:orders"/),
    ]);
  });
});

it('is the same on Express and Fastify, byte by byte', async () => {
  const [express, fastify] = await Promise.all(
    ADAPTERS.map(async (adapter) => {
      const request = await start(adapter, { identifier, scopes: ['a'], name: 'Größe' });
      const responses = await Promise.all(
        ['GET', 'HEAD', 'OPTIONS', 'POST'].map((method) => request(`${WELL_KNOWN}/mcp`, { method })),
      );
      const ignored = [
        'date',
        'connection',
        'keep-alive',
        'x-powered-by',
        'content-length',
        'transfer-encoding',
      ];
      return Promise.all(
        responses.map(async (response) => [
          response.status,
          [...response.headers].filter(([name]) => !ignored.includes(name)).toSorted(),
          Buffer.from(await response.arrayBuffer()).toString('hex'),
        ]),
      );
    }),
  );
  expect(fastify).toEqual(express);
});

describe('tokens for a protected resource', () => {
  it('are meant for its identifier, and for no other resource of the same host', async () => {
    const request = await start('express', { identifier });
    const statusFor = async (aud: string | string[]) =>
      (await request('/me', { headers: { authorization: `Bearer ${issuer.token({ aud })}` } })).status;
    expect(await statusFor(identifier)).toBe(200);
    expect(await statusFor(['https://upstream.example', identifier])).toBe(200);
    expect(await statusFor('https://api.example.com')).toBe(401);
    expect(await statusFor(`${identifier}/`)).toBe(401);
    expect(await statusFor('https://upstream.example')).toBe(401);
  });

  it('may be meant for further audiences beside it', async () => {
    const request = await start('express', { identifier }, { audience: ['https://old.example', identifier] });
    for (const aud of ['https://old.example', identifier])
      expect(
        (await request('/me', { headers: { authorization: `Bearer ${issuer.token({ aud })}` } })).status,
      ).toBe(200);
  });
});
