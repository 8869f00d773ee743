import { Controller, Get, NotFoundException, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { AccessTokenVerifier, JwtAuthGuard, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { rawRequest } from '../../support/raw-request.js';

@Controller()
class TenantController {
  @UseGuards(JwtAuthGuard)
  @Get('me')
  me(): string {
    return 'me';
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('passport')
  passport(): string {
    return 'passport';
  }
}

interface WithHost {
  readonly hostname: string;
}

describe.each(ADAPTERS)('tenants on %s', (adapter) => {
  let acme: TestIssuer;
  let umbrella: TestIssuer;
  let api: GuardedApp;
  let hosts: string[] = [];
  const issuerOf = (host: string) =>
    ({ 'acme.example.com': acme.issuer, 'umbrella.example.com': [umbrella.issuer, 'urn:other'] })[host];
  const issuerFor = ({ hostname }: WithHost) => {
    hosts.push(hostname);
    return issuerOf(hostname);
  };
  const start = (more: Partial<AuthOptions> = {}) =>
    startGuardedApp(
      {
        issuers: [acme, umbrella].map(({ issuer }) => ({ issuer })),
        audience: 'api',
        issuerFor,
        keys: { bootstrap: 'background' },
        ...more,
      },
      { adapter, controllers: [TenantController] },
    );
  beforeAll(async () => {
    acme = await startTestIssuer({ audience: 'api' });
    umbrella = await startTestIssuer({ audience: 'api' });
    api = await start();
  });
  afterAll(async () => {
    await api.app.close();
    await acme.close();
    await umbrella.close();
  });
  beforeEach(() => {
    hosts = [];
  });
  const get = async (host: string, token: string, more: string[] = [], app = api, path = '/me') => {
    const headers = ['host', host, 'Authorization', `Bearer ${token}`, ...more];
    const { status, body } = await rawRequest(app.url + path, headers);
    return [status, body.startsWith('{') ? (JSON.parse(body) as { code?: string }).code : undefined];
  };
  const REFUSED = [401, 'unknown_issuer'];

  it('accepts the tokens of a tenant at its own host alone, remembered or not', async () => {
    const ofAcme = acme.token();
    const ofUmbrella = umbrella.token();
    for (let round = 0; round < 2; round += 1) {
      expect((await get('acme.example.com', ofAcme))[0]).toBe(200);
      expect(await get('umbrella.example.com', ofAcme)).toEqual(REFUSED);
      expect((await get('umbrella.example.com', ofUmbrella))[0]).toBe(200);
      expect(await get('acme.example.com', ofUmbrella)).toEqual(REFUSED);
    }
  });

  it('refuses every token at a host of no tenant', async () => {
    expect(await get('other.example.com', acme.token())).toEqual(REFUSED);
  });

  it('reads the host as the framework gives it: with a port, and not as a proxy that is not configured says', async () => {
    expect((await get('acme.example.com:8443', acme.token()))[0]).toBe(200);
    const forwarded = ['X-Forwarded-Host', 'acme.example.com'];
    expect(await get('umbrella.example.com', acme.token(), forwarded)).toEqual(REFUSED);
  });

  it('calls the function once for a token, before its key is looked up', async () => {
    await using cold = await start();
    await get('umbrella.example.com', acme.token({}, { key: await acme.createKey() }), [], cold);
    expect(hosts).toEqual(['umbrella.example.com']);
    const before = acme.requests.jwks;
    for (let i = 0; i < 3; i += 1)
      expect(
        await get('umbrella.example.com', acme.token({}, { key: await acme.createKey() }), [], cold),
      ).toEqual(REFUSED);
    expect(acme.requests.jwks).toBe(before);
  });

  it('holds for AuthGuard too', async () => {
    expect((await get('acme.example.com', acme.token(), [], api, '/passport'))[0]).toBe(200);
    expect((await get('umbrella.example.com', acme.token(), [], api, '/passport'))[0]).toBe(401);
  });

  it('refuses what came with no request, unless one is given', async () => {
    const verifier = api.app.get(AccessTokenVerifier);
    const token = acme.token();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unknown_issuer' });
    const at = (hostname: string) => ({ request: { hostname } });
    await expect(verifier.verify(token, at('acme.example.com'))).resolves.toMatchObject({
      issuer: acme.issuer,
    });
    await expect(verifier.verify(token, at('umbrella.example.com'))).rejects.toMatchObject({
      code: 'unknown_issuer',
    });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'unknown_issuer' });
  });

  it('passes on what the function throws, and lets nothing through that it did not return', async () => {
    let answer = (): unknown => {
      throw new NotFoundException();
    };
    await using app = await start({ issuerFor: (() => answer()) as never });
    expect((await get('acme.example.com', acme.token(), [], app))[0]).toBe(404);
    const wrongs: (() => unknown)[] = [
      () => null,
      () => 1,
      () => true,
      () => [1],
      () => ({}),
      () => Promise.resolve(acme.issuer),
      () => Promise.reject(new Error('late')),
    ];
    for (const wrong of wrongs) {
      answer = wrong;
      expect((await get('acme.example.com', acme.token(), [], app))[0]).toBe(500);
    }
    for (const none of [undefined, [], '', acme.issuer.slice(0, -1)]) {
      answer = () => none;
      expect(await get('acme.example.com', acme.token(), [], app)).toEqual(REFUSED);
    }
    answer = () => [umbrella.issuer, acme.issuer];
    expect((await get('acme.example.com', acme.token(), [], app))[0]).toBe(200);
  });

  it('holds for dynamic issuers, and resolves none for a foreign tenant', async () => {
    const resolved: string[] = [];
    await using app = await start({
      issuers: {
        allow: () => true,
        resolve: (issuer) => {
          resolved.push(issuer);
          return { issuer };
        },
      },
    });
    expect(await get('umbrella.example.com', acme.token(), [], app)).toEqual(REFUSED);
    expect(resolved).toEqual([]);
    expect((await get('acme.example.com', acme.token(), [], app))[0]).toBe(200);
    expect(resolved).toEqual([acme.issuer]);
  });
});
