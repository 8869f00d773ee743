import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  CurrentUser,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequirePermissions,
  RequireRoles,
  RequireScopes,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';

@UseGuards(JwtAuthGuard)
@Controller('guarded')
class GuardedController {
  @Public()
  @Get('public')
  public(@CurrentUser() user: unknown): unknown {
    return { user: user ?? null };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('sub') sub: unknown): unknown {
    return { sub: sub ?? null };
  }

  @Get('roles')
  roles(@CurrentUser('realm_access.roles') roles: unknown): unknown {
    return { roles };
  }
}

@RequireScopes('a')
@RequireRoles('admin', 'editor')
@Controller('required')
class RequiredController {
  @RequireScopes('b')
  @RequireRoles('eu', 'us')
  @RequirePermissions('orders:read')
  @Get('all')
  all(): string {
    return 'all';
  }

  @Get('class')
  class(): string {
    return 'class';
  }
}

@Public()
@Controller('open')
class OpenController {
  @Get()
  open(): string {
    return 'open';
  }

  @RequirePermissions('orders:read')
  @Get('closed')
  closed(): string {
    return 'closed';
  }
}

const controllers = [GuardedController, RequiredController, OpenController];
const claims = { roles: ['cognito:groups', 'https://example.com/roles', 'realm_access.roles'] };

describe.each(ADAPTERS)('the decorators on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  let everywhere: GuardedApp;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    const options = { issuer: issuer.issuer, audience: issuer.audience, claims };
    api = await startGuardedApp(options, { adapter, controllers });
    everywhere = await startGuardedApp({ ...options, guardEveryRoute: true }, { adapter, controllers });
  });
  afterAll(async () => {
    await api.app.close();
    await everywhere.app.close();
    await issuer.close();
  });
  const status = async (path: string, token?: string, app = api) => (await app.get(path, token)).status;
  const granted = { scope: 'a b', permissions: ['orders:read'], realm_access: { roles: ['editor', 'eu'] } };

  it('opens a @Public method under a guarded class, and ignores credentials there', async () => {
    expect(await (await api.get('/guarded/public', 'rubbish')).json()).toEqual({ user: null });
    expect(await status('/guarded/roles', 'rubbish')).toBe(401);
  });

  it('lets anonymous requests through @OptionalAuth, and refuses bad tokens there', async () => {
    expect(await (await api.get('/guarded/optional')).json()).toEqual({ sub: null });
    expect(await (await api.get('/guarded/optional', issuer.token())).json()).toEqual({ sub: 'user-1' });
    expect(await status('/guarded/optional', issuer.token({ exp: 1 }))).toBe(401);
    expect((await api.get('/guarded/optional', undefined, { authorization: 'Bearer' })).status).toBe(400);
  });

  it('adds up what class and method require', async () => {
    expect(await status('/required/all', issuer.token(granted))).toBe(200);
    expect(await status('/required/all', issuer.token({ ...granted, scope: 'b' }))).toBe(403);
    expect(await status('/required/all', issuer.token({ ...granted, scope: 'a' }))).toBe(403);
    expect(await status('/required/all', issuer.token({ ...granted, permissions: [] }))).toBe(403);
    expect(await status('/required/all', issuer.token({ ...granted, realm_access: { roles: ['eu'] } }))).toBe(
      403,
    );
    expect(
      await status('/required/all', issuer.token({ ...granted, realm_access: { roles: ['admin'] } })),
    ).toBe(403);
    expect(await status('/required/class', issuer.token({ ...granted, scope: 'a' }))).toBe(200);
  });

  it('names the missing kind of grant, without a challenge for roles and permissions', async () => {
    const noRole = await api.get('/required/class', issuer.token({ scope: 'a' }));
    expect(noRole.headers.get('www-authenticate')).toBeNull();
    expect(await noRole.json()).toMatchObject({ status: 403, code: 'insufficient_role' });
    const noPermission = await api.get('/open/closed', issuer.token());
    expect(noPermission.headers.get('www-authenticate')).toBeNull();
    expect(await noPermission.json()).toMatchObject({ status: 403, code: 'insufficient_permission' });
  });

  it('finds roles by a name with colons, by a URL, and by a path', async () => {
    const roles = ['admin'];
    const rest = { scope: 'a' };
    expect(await status('/required/class', issuer.token({ ...rest, 'cognito:groups': roles }))).toBe(200);
    expect(
      await status('/required/class', issuer.token({ ...rest, 'https://example.com/roles': roles })),
    ).toBe(200);
    expect(await status('/required/class', issuer.token({ ...rest, realm_access: { roles } }))).toBe(200);
    expect(await status('/required/class', issuer.token({ ...rest, roles }))).toBe(403);
    const own = await api.get('/guarded/roles', issuer.token({ realm_access: { roles } }));
    expect(await own.json()).toEqual({ roles });
  });

  const SCOPES: [unknown, number][] = [
    ['a', 200],
    ['b a', 200],
    ['ab', 403],
    ['A', 403],
    ['a\tb', 403],
    [{ a: true }, 403],
    [['a'], 200],
    [[['a']], 403],
    ['', 403],
  ];
  it.each(SCOPES)('grants exactly the scopes of the claim %j (%i)', async (scope, expected) => {
    expect(
      await status(
        '/required/class',
        issuer.token({ scope, roles: undefined, realm_access: { roles: ['admin'] } }),
      ),
    ).toBe(expected);
  });

  it('guards a method with a @Require decorator, under a @Public class too', async () => {
    expect(await status('/open')).toBe(200);
    expect(await status('/open/closed')).toBe(401);
    expect(await status('/open/closed', issuer.token({ permissions: ['orders:read'] }))).toBe(200);
  });

  it('guards every route but the public ones, as a global guard', async () => {
    expect(await status('/open', undefined, everywhere)).toBe(200);
    expect(await status('/guarded/public', undefined, everywhere)).toBe(200);
    expect(await status('/guarded/optional', undefined, everywhere)).toBe(200);
    expect(await status('/guarded/roles', undefined, everywhere)).toBe(401);
    expect(await status('/required/all', issuer.token(granted), everywhere)).toBe(200);
    expect(await status('/required/all', issuer.token({ ...granted, scope: 'a' }), everywhere)).toBe(403);
  });
});
