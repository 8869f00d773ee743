import { Controller, Get, Module, UseGuards, type CanActivate } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthModule, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, listen, startGuardedApp } from '../../support/guarded-app.js';

@Controller()
class OrdersController {
  @Get('orders')
  list(): string {
    return 'orders';
  }
}

describe.each(ADAPTERS)('the guard on %s', (adapter) => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
  });
  afterAll(() => issuer.close());

  it('of every route finds the user before the guards of the application', async () => {
    const users: unknown[] = [];
    const notTheBlocked: CanActivate = {
      canActivate: (context) => {
        const { user } = context.switchToHttp().getRequest<{ user?: { sub: string } }>();
        users.push(user?.sub);
        return user?.sub !== 'blocked';
      },
    };
    const options = { issuer: issuer.issuer, audience: issuer.audience, guardEveryRoute: true };
    @Module({
      imports: [AuthModule.forRoot(options)],
      controllers: [OrdersController],
      providers: [{ provide: APP_GUARD, useValue: notTheBlocked }],
    })
    class AppModule {}
    await using api = await listen(AppModule, { adapter });
    expect((await api.get('/orders')).status).toBe(401);
    expect(users).toEqual([]);
    expect((await api.get('/orders', issuer.token({ sub: 'blocked' }))).status).toBe(403);
    expect((await api.get('/orders', issuer.token({ sub: 'welcome' }))).status).toBe(200);
    expect(users).toEqual(['blocked', 'welcome']);
  });

  it('of a requirement finds the user before a guard that stands beside it, in either order', async () => {
    const users: unknown[] = [];
    const record: CanActivate = {
      canActivate: (context) => {
        users.push(context.switchToHttp().getRequest<{ user?: { sub: string } }>().user?.sub);
        return true;
      },
    };
    @Controller()
    class BesideController {
      @RequireScopes('x')
      @UseGuards(record)
      @Get('above')
      above(): string {
        return 'above';
      }

      @UseGuards(record)
      @RequireScopes('x')
      @Get('below')
      below(): string {
        return 'below';
      }
    }
    await using api = await startGuardedApp(
      { issuer: issuer.issuer, audience: issuer.audience },
      { adapter, controllers: [BesideController] },
    );
    for (const path of ['/above', '/below'])
      expect((await api.get(path, issuer.token({ scope: 'x' }))).status).toBe(200);
    expect(users).toEqual(['user-1', 'user-1']);
    expect((await api.get('/above')).status).toBe(401);
    expect(users).toHaveLength(2);
  });
});
