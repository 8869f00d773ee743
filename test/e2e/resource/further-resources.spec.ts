import { Controller, Get } from '@nestjs/common';
import {
  allowInsecureRequests,
  processResourceDiscoveryResponse,
  resourceDiscoveryRequest,
} from 'oauth4webapi';
import { RequireAudience, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { request as send } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { ADAPTERS, startGuardedApp } from '../../support/guarded-app.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const MAIN = 'https://api.example.com';
const ADMIN = 'https://admin.example.com';
const FILES = 'https://api.example.com/files';
const PLAIN = 'https://plain.example.com';

@Controller()
class SeveralController {
  @RequireScopes('orders:read')
  @Get('orders')
  orders(): string {
    return 'orders';
  }

  @RequireAudience(ADMIN)
  @RequireScopes('users:write')
  @Get('users')
  users(): string {
    return 'users';
  }

  @RequireAudience(FILES)
  @Get('files')
  files(): string {
    return 'files';
  }

  @RequireAudience(PLAIN)
  @Get('plain')
  plain(): string {
    return 'plain';
  }

  @RequireAudience(PLAIN, MAIN)
  @Get('both')
  both(): string {
    return 'both';
  }
}

/** Requests a path under another host. */
function getFrom(url: string, path: string, host: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    send(url + path, { headers: { host } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(JSON.parse(body)));
    })
      .on('error', reject)
      .end();
  });
}

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer({ audience: MAIN });
});
afterAll(() => issuer.close());

describe.each(ADAPTERS)('several protected resources in one application on %s', (adapter) => {
  async function start() {
    const api = await startGuardedApp(
      {
        issuer: issuer.issuer,
        resource: { identifier: MAIN, scopes: ['orders:read'] },
        furtherAudiences: [{ identifier: ADMIN, scopes: ['users:write'] }, { identifier: FILES }, PLAIN],
      },
      { adapter, controllers: [SeveralController] },
    );
    onTestFinished(() => api.app.close());
    return api;
  }

  it('each route has the realm, the scope and the metadata of its own', async () => {
    const api = await start();
    const challengeOf = async (path: string) => (await api.get(path)).headers.get('www-authenticate');
    expect(await challengeOf('/orders')).toBe(
      `Bearer realm="${MAIN}", scope="orders:read", resource_metadata="${MAIN}${WELL_KNOWN}"`,
    );
    expect(await challengeOf('/users')).toBe(
      `Bearer realm="${ADMIN}", scope="users:write", resource_metadata="${ADMIN}${WELL_KNOWN}"`,
    );
    expect(await challengeOf('/files')).toBe(
      `Bearer realm="${FILES}", resource_metadata="${MAIN}${WELL_KNOWN}/files"`,
    );
    expect(await challengeOf('/plain')).toBe(`Bearer realm="${PLAIN}"`);
    expect(await challengeOf('/both')).toBe(
      `Bearer realm="${MAIN}", resource_metadata="${MAIN}${WELL_KNOWN}"`,
    );
  });

  it('each opens its own routes alone', async () => {
    const api = await start();
    const scope = 'orders:read users:write';
    const statusOf = async (path: string, aud: string) =>
      (await api.get(path, issuer.token({ aud, scope }))).status;
    expect(await statusOf('/orders', MAIN)).toBe(200);
    expect(await statusOf('/orders', ADMIN)).toBe(401);
    expect(await statusOf('/users', ADMIN)).toBe(200);
    expect(await statusOf('/users', MAIN)).toBe(401);
  });

  it('documents at one path are told apart by their hosts, and the main one is for all others', async () => {
    const { url } = await start();
    expect(await getFrom(url, WELL_KNOWN, 'ADMIN.example.com')).toMatchObject({ resource: ADMIN });
    expect(await getFrom(url, WELL_KNOWN, 'api.example.com')).toMatchObject({ resource: MAIN });
    expect(await getFrom(url, WELL_KNOWN, 'elsewhere.example')).toMatchObject({ resource: MAIN });
    expect(await getFrom(url, `${WELL_KNOWN}/files`, 'elsewhere.example')).toMatchObject({ resource: FILES });
  });
});

it('two resources with one metadata document end the start', async () => {
  const start = startGuardedApp({
    issuer: issuer.issuer,
    resource: { identifier: MAIN },
    furtherAudiences: [{ identifier: FILES, alsoAtRoot: true }],
  });
  await expect(start).rejects.toThrow(/has its metadata at api\.example\.com.*as another resource/);
});

it.each(ADAPTERS)('oauth4webapi finds the issuer of a resource on %s', async (adapter) => {
  const port = await freePort();
  const identifier = new URL(`http://127.0.0.1:${port}/mcp`);
  const api = await startGuardedApp(
    { issuer: issuer.issuer, resource: { identifier: identifier.href } },
    { adapter, port },
  );
  onTestFinished(() => api.app.close());
  const response = await resourceDiscoveryRequest(identifier, { [allowInsecureRequests]: true });
  const metadata = await processResourceDiscoveryResponse(identifier, response);
  expect(metadata.authorization_servers).toEqual([issuer.issuer]);
});
