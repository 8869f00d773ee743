import { Controller, Get } from '@nestjs/common';
import { RequireAuthentication, RequireRoles, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { refusalIn } from '../../support/refusal.js';

@Controller()
class StepUpController {
  @RequireAuthentication({ acr: ['phr', 'phrh'] })
  @Get('acr')
  acr(): string {
    return 'acr';
  }

  @RequireAuthentication({ maxAgeMs: 300_000 })
  @Get('age')
  age(): string {
    return 'age';
  }

  @RequireScopes('pay')
  @RequireRoles('admin')
  @RequireAuthentication({ acr: 'phr', maxAgeMs: 60_500 })
  @Get('pay')
  pay(): string {
    return 'pay';
  }
}

@RequireAuthentication({ acr: ['a', 'b', 'c'], maxAgeMs: 600_000 })
@Controller('both')
class BothController {
  @RequireAuthentication({ acr: ['x', 'c', 'b'], maxAgeMs: 900_000 })
  @Get()
  both(): string {
    return 'both';
  }
}

const CODE = 'insufficient_user_authentication';
const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1_000) - seconds;

describe.each(ADAPTERS)('step-up on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    api = await startGuardedApp(
      { issuer: issuer.issuer, audience: issuer.audience },
      { adapter, controllers: [StepUpController, BothController] },
    );
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });
  const get = async (path: string, claims: object) =>
    refusalIn(await api.get(path, issuer.token(claims as never)));

  it('accepts each of the contexts, and challenges for all in their order', async () => {
    expect((await get('/acr', { acr: 'phr' })).status).toBe(200);
    expect((await get('/acr', { acr: 'phrh' })).status).toBe(200);
    for (const acr of ['pwd', 'phr phrh', 'PHR', '', 1, ['phr'], null, undefined]) {
      expect(await get('/acr', { acr })).toEqual({
        status: 401,
        code: CODE,
        challenge: {
          realm: issuer.audience,
          error: CODE,
          error_description: 'The user must authenticate again, or in a stronger way',
          acr_values: 'phr phrh',
        },
      });
    }
  });

  it.each<[string, () => unknown]>([
    ['fresh', () => secondsAgo(10)],
    ['fractional', () => secondsAgo(10) + 0.5],
    ['ahead within the tolerance', () => secondsAgo(-3)],
  ])('accepts an auth_time that is %s', async (_, authTime) => {
    expect((await get('/age', { auth_time: authTime() })).status).toBe(200);
  });

  it.each<[string, () => unknown]>([
    ['old', () => secondsAgo(302)],
    ['missing', () => undefined],
    ['a string', () => String(secondsAgo(10))],
    ['null', () => null],
  ])('challenges for an auth_time that is %s', async (_, authTime) => {
    expect(await get('/age', { auth_time: authTime() })).toMatchObject({
      status: 401,
      code: CODE,
      challenge: { error: CODE, max_age: '300' },
    });
  });

  it('refuses an auth_time in the future as a claim that is not acceptable', async () => {
    expect(await get('/age', { auth_time: secondsAgo(-60) })).toMatchObject({
      status: 401,
      code: 'invalid_claim',
      challenge: { error: 'invalid_token' },
    });
  });

  it('does not take iat for auth_time', async () => {
    expect((await get('/age', { iat: secondsAgo(1) })).code).toBe(CODE);
  });

  it('names the scope beside it if that lacks too, in one challenge', async () => {
    const grants = { scope: 'pay', roles: ['admin'] };
    const strong = { acr: 'phr', auth_time: secondsAgo(10) };
    expect((await get('/pay', { ...grants, ...strong })).status).toBe(200);

    const both = await get('/pay', { roles: ['admin'] });
    expect([both.status, both.code]).toEqual([401, CODE]);
    expect(both.challenge).toMatchObject({ scope: 'pay', acr_values: 'phr', max_age: '60' });

    const weak = await get('/pay', { ...grants, ...strong, acr: 'pwd' });
    expect([weak.status, weak.code, weak.challenge?.['scope']]).toEqual([401, CODE, undefined]);

    const narrow = await get('/pay', { ...strong, roles: ['admin'] });
    expect([narrow.status, narrow.code]).toEqual([403, 'insufficient_scope']);
    expect(narrow.challenge).not.toHaveProperty('acr_values');
  });

  it('is not in the challenge without a token', async () => {
    expect((await refusalIn(await api.get('/pay'))).challenge).toEqual({
      realm: issuer.audience,
      scope: 'pay',
    });
  });

  it('adds up class and method: the contexts in common, the shorter age', async () => {
    expect((await get('/both', { acr: 'b', auth_time: secondsAgo(10) })).status).toBe(200);
    for (const acr of ['a', 'x'])
      expect((await get('/both', { acr, auth_time: secondsAgo(10) })).challenge).toMatchObject({
        acr_values: 'b c',
        max_age: '600',
      });
    expect((await get('/both', { acr: 'c', auth_time: secondsAgo(700) })).code).toBe(CODE);
  });
});
