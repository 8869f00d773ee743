import { Controller, Get, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import {
  AccessTokenVerifier,
  CurrentUser,
  JwtAuthGuard,
  OptionalAuth,
  RequireAudience,
  RequireIssuer,
  RequireScopes,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { refusalIn } from '../../support/refusal.js';

const [API, ADMIN, PARTNER] = ['https://api.example.com', 'https://admin.example.com', 'urn:partner'];

@UseGuards(JwtAuthGuard)
@Controller()
class PlainController {
  @Get('plain')
  plain(): string {
    return 'plain';
  }

  @RequireAudience(ADMIN, API)
  @Get('either')
  either(): string {
    return 'either';
  }
}

@RequireAudience(ADMIN, PARTNER)
@Controller()
class AdminController {
  @RequireScopes('admin')
  @Get('admin')
  admin(): string {
    return 'admin';
  }

  @RequireAudience(PARTNER)
  @Get('partner')
  partner(): string {
    return 'partner';
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser('sub') sub: unknown): unknown {
    return { sub: sub ?? null };
  }
}

@Controller('passport')
class PassportController {
  @UseGuards(AuthGuard('jwt'))
  @Get()
  get(): string {
    return 'passport';
  }

  @UseGuards(AuthGuard('jwt'))
  @RequireAudience(ADMIN)
  @Get('both')
  both(): string {
    return 'both';
  }
}

const controllers = [PlainController, AdminController, PassportController];

describe.each(ADAPTERS)('several audiences on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  let validated: unknown[] = [];
  let revoked: unknown[] = [];
  const start = (more: Partial<AuthOptions> = {}) =>
    startGuardedApp(
      {
        issuer: issuer.issuer,
        audience: API,
        furtherAudiences: [ADMIN, PARTNER],
        validate: (claims) => {
          validated.push(claims.aud);
          return claims;
        },
        isRevoked: ({ aud }) => {
          revoked.push(aud);
          return false;
        },
        ...more,
      },
      { adapter, controllers },
    );
  beforeAll(async () => {
    issuer = await startTestIssuer({ audience: API });
    api = await start();
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });
  beforeEach(() => {
    validated = [];
    revoked = [];
  });
  const get = async (path: string, aud: unknown, app = api) =>
    refusalIn(await app.get(path, issuer.token({ aud, scope: 'admin' })));

  it.each<[string, unknown, number]>([
    ['/plain', API, 200],
    ['/plain', ADMIN, 401],
    ['/plain', [ADMIN, PARTNER], 401],
    ['/plain', [ADMIN, API], 200],
    ['/admin', ADMIN, 200],
    ['/admin', PARTNER, 200],
    ['/admin', API, 401],
    ['/admin', `${ADMIN}/`, 401],
    ['/admin', [API, ADMIN], 200],
    ['/partner', PARTNER, 200],
    ['/partner', ADMIN, 401],
    ['/either', API, 200],
    ['/either', ADMIN, 200],
    ['/either', PARTNER, 401],
    ['/passport', API, 200],
    ['/passport', ADMIN, 401],
    ['/passport/both', API, 401],
    ['/passport/both', ADMIN, 401],
    ['/passport/both', [API, ADMIN], 200],
  ])('%s with a token for %j answers %i', async (path, aud, status) => {
    const refusal = await get(path, aud);
    expect(refusal.status).toBe(status);
  });

  it('neither validates the claims of a token that is refused, nor looks up whether it is revoked', async () => {
    for (const [path, aud] of [
      ['/plain', ADMIN],
      ['/admin', API],
    ] as const) {
      expect(await get(path, aud)).toMatchObject({ status: 401, code: 'wrong_audience' });
      expect([validated, revoked]).toEqual([[], []]);
    }
    await get('/admin', ADMIN);
    expect([validated, revoked]).toEqual([[ADMIN], [ADMIN]]);
  });

  it('checks a remembered token by the rules of each route', async () => {
    const admin = issuer.token({ aud: ADMIN, scope: 'admin' });
    const customer = issuer.token();
    for (let round = 0; round < 2; round += 1) {
      expect((await api.get('/admin', admin)).status).toBe(200);
      expect((await api.get('/plain', admin)).status).toBe(401);
      expect((await api.get('/partner', admin)).status).toBe(401);
      expect((await api.get('/plain', customer)).status).toBe(200);
      expect((await api.get('/admin', customer)).status).toBe(401);
    }
  });

  it('accepts the main audience alone outside of routes, whatever was remembered', async () => {
    const admin = issuer.token({ aud: ADMIN, scope: 'admin' });
    expect((await api.get('/admin', admin)).status).toBe(200);
    const verifier = api.app.get(AccessTokenVerifier);
    await expect(verifier.verify(admin)).rejects.toMatchObject({ code: 'wrong_audience' });
    await expect(verifier.verify(issuer.token())).resolves.toMatchObject({ claims: { aud: API } });
  });

  it('answers with the realm and the scope of the route', async () => {
    expect((await refusalIn(await api.get('/admin'))).challenge).toEqual({ realm: ADMIN, scope: 'admin' });
    expect((await get('/admin', API)).challenge).toMatchObject({ realm: ADMIN, error: 'invalid_token' });
    expect((await refusalIn(await api.get('/partner'))).challenge).toEqual({ realm: PARTNER });
    for (const path of ['/plain', '/either'])
      expect((await refusalIn(await api.get(path))).challenge).toEqual({ realm: API });
  });

  it('accepts no other token under @OptionalAuth, and still lets anonymous requests through', async () => {
    expect(await (await api.get('/optional')).json()).toEqual({ sub: null });
    expect(await (await api.get('/optional', issuer.token({ aud: ADMIN }))).json()).toEqual({
      sub: 'user-1',
    });
    expect((await get('/optional', API)).code).toBe('wrong_audience');
  });

  it('costs nothing where no further audience is configured, and refuses a name that is not', async () => {
    await expect(start({ furtherAudiences: [ADMIN] })).rejects.toThrow(
      new TypeError(`AdminController: requires the audience "${PARTNER}", which is not configured`),
    );
  });

  it.each<[unknown, RegExp]>([
    [[API], /option "furtherAudiences\[0\]" is an "audience" already/],
    [[ADMIN, ADMIN], /option "furtherAudiences" names https:\/\/admin.example.com twice/],
    [[''], /option "furtherAudiences\[0\]"/],
    [ADMIN, /option "furtherAudiences" must be an array/],
    [['a"b'], /option "furtherAudiences\[0\]"/],
  ])('refuses the option %j', async (furtherAudiences, message) => {
    await expect(start({ furtherAudiences: furtherAudiences as never })).rejects.toThrow(message);
  });
});

describe.each(ADAPTERS)('several issuers on %s', (adapter) => {
  let customers: TestIssuer;
  let staff: TestIssuer;
  let api: GuardedApp;
  beforeAll(async () => {
    customers = await startTestIssuer();
    staff = await startTestIssuer();
    @UseGuards(JwtAuthGuard)
    @Controller()
    class IssuersController {
      @Get('any')
      any(): string {
        return 'any';
      }

      @RequireIssuer(staff.issuer)
      @Get('staff')
      staff(): string {
        return 'staff';
      }

      @RequireAudience('b')
      @Get('b')
      b(): string {
        return 'b';
      }
    }
    api = await startGuardedApp(
      {
        issuers: [
          { issuer: customers.issuer, audience: 'a' },
          { issuer: staff.issuer, audience: ['a', 'b'] },
        ],
      },
      { adapter, controllers: [IssuersController] },
    );
  });
  afterAll(async () => {
    await api.app.close();
    await customers.close();
    await staff.close();
  });

  it('accepts the tokens of the issuers that a route names, remembered or not', async () => {
    const customer = customers.token({ aud: 'a' });
    for (let round = 0; round < 2; round += 1) {
      expect((await api.get('/any', customer)).status).toBe(200);
      expect(await refusalIn(await api.get('/staff', customer))).toMatchObject({
        status: 401,
        code: 'unknown_issuer',
        challenge: { error: 'invalid_token' },
      });
      expect((await api.get('/staff', staff.token({ aud: 'a' }))).status).toBe(200);
    }
  });

  it('accepts an audience of one issuer from that issuer alone', async () => {
    expect((await api.get('/b', staff.token({ aud: 'b' }))).status).toBe(200);
    const foreign = await refusalIn(await api.get('/b', customers.token({ aud: 'b' })));
    expect(foreign).toMatchObject({ status: 401, code: 'wrong_audience' });
  });
});
