import { Controller, ForbiddenException, Get } from '@nestjs/common';
import {
  absent,
  equals,
  includes,
  oneOf,
  present,
  RequireClaims,
  type RequiredRouteClaims,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { refusalIn } from '../../support/refusal.js';

@RequireClaims({ tier: (value) => value === undefined || value === 'gold' })
@Controller()
class ClaimsController {
  @RequireClaims({ org_id: 'acme', email_verified: true, level: equals(3) })
  @Get('equals')
  equals(): string {
    return 'equals';
  }

  @RequireClaims({ amr: includes('mfa') })
  @Get('includes')
  includes(): string {
    return 'includes';
  }

  @RequireClaims({ 'realm_access.roles': oneOf('a', 'b') })
  @Get('one-of')
  oneOf(): string {
    return 'one-of';
  }

  @RequireClaims({ org_id: present, impersonated: absent })
  @Get('present')
  present(): string {
    return 'present';
  }

  @RequireClaims({ 'resource_access.my.api.roles': includes('ops'), 'https://example.com/x.y': 1 })
  @Get('dots')
  dots(): string {
    return 'dots';
  }

  @RequireClaims({ constructor: present as typeof present })
  @Get('constructor')
  inherited(): string {
    return 'constructor';
  }

  @RequireClaims(JSON.parse('{"__proto__": "x"}') as RequiredRouteClaims)
  @Get('proto')
  proto(): string {
    return 'proto';
  }

  @RequireClaims({ org_id: (value) => (typeof value === 'string' ? value.startsWith('ac') : false) })
  @Get('function')
  function(): string {
    return 'function';
  }

  @RequireClaims({ org_id: (() => 1) as never })
  @Get('truthy')
  truthy(): string {
    return 'truthy';
  }

  @RequireClaims({ org_id: (async () => Promise.reject(new Error('late'))) as never })
  @Get('async')
  async(): string {
    return 'async';
  }

  @RequireClaims({
    org_id: () => {
      throw new ForbiddenException('own words');
    },
  })
  @Get('throws')
  throws(): string {
    return 'throws';
  }
}

describe.each(ADAPTERS)('required claims on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    api = await startGuardedApp(
      { issuer: issuer.issuer, audience: issuer.audience },
      { adapter, controllers: [ClaimsController] },
    );
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });
  const get = async (path: string, claims: object) =>
    refusalIn(await api.get(path, issuer.token(claims as never)));

  const EQUAL = { org_id: 'acme', email_verified: true, level: 3 };
  const DOTS = { resource_access: { 'my.api': { roles: ['ops'] } }, 'https://example.com/x.y': 1 };
  it.each<[string, object, number]>([
    ['/equals', EQUAL, 200],
    ['/equals', { ...EQUAL, email_verified: 'true' }, 403],
    ['/equals', { ...EQUAL, level: '3' }, 403],
    ['/equals', { ...EQUAL, org_id: ['acme'] }, 403],
    ['/equals', { ...EQUAL, org_id: 'acme2' }, 403],
    ['/equals', { ...EQUAL, org_id: undefined }, 403],
    ['/equals', { ...EQUAL, tier: 'gold' }, 200],
    ['/equals', { ...EQUAL, tier: 'iron' }, 403],
    ['/includes', { amr: ['pwd', 'mfa'] }, 200],
    ['/includes', { amr: 'pwd mfa' }, 200],
    ['/includes', { amr: 'mfa' }, 200],
    ['/includes', { amr: ['mfa2'] }, 403],
    ['/includes', { amr: 'pwd mfa2' }, 403],
    ['/includes', { amr: { mfa: true } }, 403],
    ['/includes', { amr: [['mfa']] }, 403],
    ['/includes', {}, 403],
    ['/one-of', { realm_access: { roles: ['x', 'b'] } }, 200],
    ['/one-of', { realm_access: { roles: 'a' } }, 200],
    ['/one-of', { 'realm_access.roles': ['a'] }, 200],
    ['/one-of', { realm_access: { roles: 'a b' } }, 403],
    ['/one-of', { realm_access: { roles: [] } }, 403],
    ['/one-of', { realm_access: ['a'] }, 403],
    ['/one-of', { realm_access: null }, 403],
    ['/present', { org_id: 'x' }, 200],
    ['/present', { org_id: false }, 200],
    ['/present', { org_id: null }, 403],
    ['/present', {}, 403],
    ['/present', { org_id: 'x', impersonated: false }, 403],
    ['/present', { org_id: 'x', impersonated: null }, 403],
    ['/dots', DOTS, 200],
    ['/dots', { ...DOTS, resource_access: { my: { api: { roles: ['ops'] } } } }, 200],
    ['/dots', { ...DOTS, resource_access: { my: { 'api.roles': ['ops'] } } }, 200],
    ['/dots', { ...DOTS, resource_access: { 'my.api': { role: ['ops'] } } }, 403],
    ['/dots', { ...DOTS, 'https://example.com/x.y': undefined, 'https://example.com/x': { y: 1 } }, 200],
    ['/constructor', {}, 403],
    ['/constructor', { constructor: 'x' }, 200],
    ['/proto', {}, 403],
    ['/proto', { proto: 'x' }, 403],
    ['/function', { org_id: 'acme' }, 200],
    ['/function', { org_id: 'other' }, 403],
    ['/function', {}, 403],
    ['/truthy', { org_id: 'acme' }, 403],
  ])('%s with %j answers %i', async (path, claims, status) => {
    const code = status === 403 ? 'insufficient_claims' : undefined;
    expect(await get(path, claims)).toEqual({ status, code, challenge: undefined });
  });

  it('never lets an asynchronous function through, and passes on what a function throws', async () => {
    expect((await get('/async', { org_id: 'acme' })).status).toBe(500);
    const thrown = await api.get('/throws', issuer.token());
    expect([thrown.status, await thrown.json()]).toMatchObject([403, { message: 'own words' }]);
    expect((await get('/function', { org_id: 'acme' })).status).toBe(200);
  });
});
