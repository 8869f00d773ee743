import {
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Injectable,
  Module,
  Req,
  UseGuards,
} from '@nestjs/common';
import { AuthGuard, PassportModule } from '@nestjs/passport';
import { AuthModule, CurrentUser, JwtAuthGuard, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import passport from 'passport';
import { Strategy } from 'passport-strategy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, listen, startGuardedApp } from '../../support/guarded-app.js';

class ApiKeyStrategy extends Strategy {
  override authenticate(request: { headers: Record<string, unknown> }): void {
    if (request.headers['x-api-key'] === 'key') this.success({ sub: 'by key' });
    else this.fail(401);
  }
}

@Injectable()
class GuestGuard extends JwtAuthGuard {
  override handleRequest<TUser>(
    error: unknown,
    user: unknown,
    _info: unknown,
    _context: ExecutionContext,
  ): TUser {
    if (error) throw error;
    return (user || { sub: 'guest' }) as TUser;
  }
}

@Injectable()
class LateGuard extends JwtAuthGuard {
  override handleRequest<TUser>(failure: unknown, user: unknown): TUser {
    const late = failure === null && user ? { sub: 'late' } : Promise.reject(new ForbiddenException());
    return Promise.resolve(late) as TUser;
  }

  override getAuthenticateOptions(): object {
    return { property: 'caller' };
  }
}

@Controller()
class PassportController {
  @UseGuards(LateGuard)
  @Get('late')
  late(@Req() request: { caller: unknown; user?: unknown }): unknown {
    return { caller: request.caller, user: request.user };
  }

  @UseGuards(AuthGuard('jwt'))
  @Get('jwt')
  jwt(@CurrentUser('sub') sub: string): unknown {
    return { sub };
  }

  @UseGuards(AuthGuard(['jwt', 'api-key']))
  @Get('either')
  either(@CurrentUser('sub') sub: string): unknown {
    return { sub };
  }

  @UseGuards(GuestGuard)
  @Get('guest')
  guest(@CurrentUser('sub') sub: string): unknown {
    return { sub };
  }

  @UseGuards(GuestGuard)
  @RequireScopes('a')
  @Get('guest-scoped')
  guestScoped(): string {
    return 'scoped';
  }

  @UseGuards(JwtAuthGuard)
  @Get('slow')
  async slow(@Req() request: { user: { sub: string } }, @CurrentUser('sub') sub: string): Promise<unknown> {
    await new Promise(setImmediate);
    return { sub, user: request.user.sub };
  }
}

const controllers = [PassportController];

describe.each(ADAPTERS)('Passport on %s', (adapter) => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    passport.use('api-key', new ApiKeyStrategy());
  });
  afterAll(async () => {
    passport.unuse('api-key');
    await issuer.close();
  });
  const options = () => ({ issuer: issuer.issuer, audience: issuer.audience });

  it("works through AuthGuard('jwt'), with 503 in an outage", async () => {
    await using api = await startGuardedApp(options(), { adapter, controllers });
    expect(await (await api.get('/jwt', issuer.token())).json()).toEqual({ sub: 'user-1' });
    expect((await api.get('/jwt')).status).toBe(401);
    expect((await api.get('/jwt', issuer.token({ exp: 1 }))).status).toBe(401);

    await using down = await startTestIssuer();
    down.fault({ status: 500 }, { on: 'all' });
    const keys = { bootstrap: 'background' } as const;
    await using orphan = await startGuardedApp(
      { issuer: down.issuer, audience: down.audience, keys },
      { adapter, controllers },
    );
    const response = await orphan.get('/jwt', down.token());
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'keys_unavailable' });
  });

  it('falls through to the next strategy without a good token', async () => {
    await using api = await startGuardedApp(options(), { adapter, controllers });
    expect(await (await api.get('/either', issuer.token())).json()).toEqual({ sub: 'user-1' });
    const byKey = await api.get('/either', undefined, { 'x-api-key': 'key' });
    expect(await byKey.json()).toEqual({ sub: 'by key' });
    expect((await api.get('/either', issuer.token({ exp: 1 }), { 'x-api-key': 'no' })).status).toBe(401);
  });

  it('keeps handleRequest overridable, without opening what requires a scope', async () => {
    await using api = await startGuardedApp(options(), { adapter, controllers });
    expect(await (await api.get('/guest')).json()).toEqual({ sub: 'guest' });
    expect(await (await api.get('/guest', issuer.token())).json()).toEqual({ sub: 'user-1' });
    expect((await api.get('/guest-scoped')).status).toBe(401);
    expect((await api.get('/guest-scoped', issuer.token())).status).toBe(403);
    expect((await api.get('/guest-scoped', issuer.token({ scope: 'a' }))).status).toBe(200);
  });

  it('awaits handleRequest, and sets the property that getAuthenticateOptions names', async () => {
    await using api = await startGuardedApp(options(), { adapter, controllers });
    expect(await (await api.get('/late', issuer.token())).json()).toEqual({ caller: { sub: 'late' } });
    expect((await api.get('/late')).status).toBe(403);
  });

  it('ignores a PassportModule with another default strategy', async () => {
    const imports = [AuthModule.forRoot(options()), PassportModule.register({ defaultStrategy: 'api-key' })];
    @Module({ imports, controllers })
    class AppModule {}
    await using api = await listen(AppModule, { adapter });
    expect((await api.get('/slow', undefined, { 'x-api-key': 'key' })).status).toBe(401);
    expect((await api.get('/slow', issuer.token())).status).toBe(200);
  });

  it('isolates two applications in one process, and unregisters its strategies', async () => {
    await using otherIssuer = await startTestIssuer();
    const first = await startGuardedApp(options(), { adapter, controllers });
    const second = await startGuardedApp(
      { issuer: otherIssuer.issuer, audience: otherIssuer.audience },
      { adapter, controllers },
    );
    expect((await first.get('/slow', issuer.token())).status).toBe(200);
    expect((await second.get('/slow', issuer.token())).status).toBe(401);
    expect((await first.get('/slow', otherIssuer.token())).status).toBe(401);
    expect((await second.get('/slow', otherIssuer.token())).status).toBe(200);
    await second.app.close();
    expect((await first.get('/slow', issuer.token())).status).toBe(200);
    await first.app.close();
    const { _strategies: registry } = passport as unknown as { _strategies: object };
    expect(Object.keys(registry).filter((name) => name.includes('jwt') || name.includes('jwks'))).toEqual([]);
  });

  it('gives each of ten thousand interleaved requests its own user', async () => {
    await using api = await startGuardedApp(options(), { adapter, controllers });
    const users = Array.from({ length: 500 }, (_, i) => `user-${i}`);
    const tokens = users.map((sub) => issuer.token({ sub }));
    for (let round = 0; round < 20; round += 1) {
      const responses = await Promise.all(
        tokens.map(async (token) => (await api.get('/slow', token)).json()),
      );
      expect(responses).toEqual(users.map((sub) => ({ sub, user: sub })));
    }
  }, 60_000);
});
