import { Controller, Get } from '@nestjs/common';
import { RequireAnyScope, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { refusalIn } from '../../support/refusal.js';

@Controller('orders')
class OrdersController {
  @RequireAnyScope('orders:read', 'orders:admin')
  @Get()
  list(): string {
    return 'list';
  }
}

@RequireScopes('base')
@RequireAnyScope('eu', 'us')
@Controller('combined')
class CombinedController {
  @RequireAnyScope('orders:read', 'orders:admin')
  @Get()
  list(): string {
    return 'list';
  }

  @RequireAnyScope('other', 'base')
  @Get('same')
  same(): string {
    return 'same';
  }
}

@Controller('files')
class FilesController {
  @RequireScopes('files:read')
  @Get('read')
  read(): string {
    return 'read';
  }

  @RequireScopes('files')
  @Get('all')
  all(): string {
    return 'all';
  }

  @RequireAnyScope('files:read', 'other')
  @Get('any')
  any(): string {
    return 'any';
  }

  @RequireScopes('constructor')
  @Get('inherited')
  inherited(): string {
    return 'inherited';
  }
}

const controllers = [OrdersController, CombinedController, FilesController];
const CIRCLE = { admin: ['files'], files: ['files:read', 'files:write'], 'files:read': ['admin'] };

describe.each(ADAPTERS)('scopes on %s', (adapter) => {
  let issuer: TestIssuer;
  let flat: GuardedApp;
  let hierarchical: GuardedApp;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    const options = { issuer: issuer.issuer, audience: issuer.audience };
    flat = await startGuardedApp(options, { adapter, controllers });
    hierarchical = await startGuardedApp(
      { ...options, scopeImplies: { ...CIRCLE, 'files:read': ['files:list'] } },
      { adapter, controllers },
    );
  });
  afterAll(async () => {
    await flat.app.close();
    await hierarchical.app.close();
    await issuer.close();
  });
  const get = async (path: string, scope?: string, app = flat) =>
    refusalIn(await app.get(path, issuer.token({ scope })));

  it.each([
    ['orders:read', 200],
    ['orders:admin', 200],
    ['x orders:admin orders:read', 200],
    ['orders', 403],
    ['orders:read:all', 403],
    ['Orders:read', 403],
    ['', 403],
    [undefined, 403],
  ])('of alternatives, %j answers %i', async (scope, status) => {
    expect((await get('/orders', scope)).status).toBe(status);
  });

  it('names the first alternative, without a token and with one that lacks all', async () => {
    expect(await refusalIn(await flat.get('/orders'))).toEqual({
      status: 401,
      code: 'missing_token',
      challenge: { realm: issuer.audience, scope: 'orders:read' },
    });
    expect(await get('/orders', 'x')).toMatchObject({
      code: 'insufficient_scope',
      challenge: { error: 'insufficient_scope', scope: 'orders:read' },
    });
  });

  it('adds up what class and method require, and names all at once', async () => {
    expect((await get('/combined', 'base us orders:admin')).status).toBe(200);
    for (const lacking of ['us orders:admin', 'base orders:admin', 'base us']) {
      const refusal = await get('/combined', lacking);
      expect(refusal).toMatchObject({ status: 403, code: 'insufficient_scope' });
      expect(refusal.challenge?.['scope']).toBe('base eu orders:read');
    }
  });

  it('names no alternative where a scope that is needed anyway is one', async () => {
    expect((await get('/combined/same')).challenge?.['scope']).toBe('base eu');
    expect((await get('/combined/same', 'base eu')).status).toBe(200);
  });

  it.each([
    ['/files/read', 'files', 200],
    ['/files/read', 'admin', 200],
    ['/files/read', 'files:read', 200],
    ['/files/read', 'files:write', 403],
    ['/files/read', 'file', 403],
    ['/files/all', 'files:read', 403],
    ['/files/all', 'admin', 200],
    ['/files/any', 'files', 200],
    ['/files/any', 'files:list', 403],
    ['/files/inherited', 'admin', 403],
    ['/files/inherited', 'constructor', 200],
  ])('in a hierarchy, %s with %j answers %i', async (path, scope, status) => {
    expect((await get(path, scope, hierarchical)).status).toBe(status);
  });

  it('implies nothing without a hierarchy, and names what is needed, not what implies it', async () => {
    expect((await get('/files/read', 'files')).status).toBe(403);
    expect((await get('/files/read', 'x', hierarchical)).challenge?.['scope']).toBe('files:read');
  });

  it('comes to an end where scopes imply each other', async () => {
    await using app = await startGuardedApp(
      { issuer: issuer.issuer, audience: issuer.audience, scopeImplies: CIRCLE },
      { adapter, controllers },
    );
    expect((await get('/files/all', 'files:read', app)).status).toBe(200);
    expect((await get('/files/all', 'files:write', app)).status).toBe(403);
  });
});

it.each([
  [{ files: [] }, 'scopeImplies.files'],
  [{ files: 'files:read' }, 'scopeImplies.files'],
  [{ files: ['a b'] }, 'scopeImplies.files'],
  [{ 'a b': ['files'] }, 'scopeImplies.a b'],
  [['files'], 'scopeImplies'],
])('%j is no hierarchy', async (scopeImplies, name) => {
  const start = startGuardedApp({
    issuer: 'https://issuer.example.com',
    audience: 'api',
    scopeImplies: scopeImplies as never,
  });
  await expect(start).rejects.toThrow(TypeError);
  await expect(start).rejects.toThrow(`option "${name}"`);
});
