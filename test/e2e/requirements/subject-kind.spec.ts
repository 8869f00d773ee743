import { Controller, Get } from '@nestjs/common';
import { RequireClient, RequireUser } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { refusalIn } from '../../support/refusal.js';

@Controller()
class KindController {
  @RequireUser()
  @Get('user')
  user(): string {
    return 'user';
  }

  @RequireClient()
  @Get('client')
  client(): string {
    return 'client';
  }
}

const controllers = [KindController];

describe.each(ADAPTERS)('kinds of subjects on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  const start = (more = {}) =>
    startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience, ...more }, { adapter, controllers });
  beforeAll(async () => {
    issuer = await startTestIssuer();
    api = await start();
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });
  const get = async (path: string, claims: object, app = api) =>
    refusalIn(await app.get(path, issuer.token(claims as never)));

  const USERS: [string, object][] = [
    ['a subject beside a client', { sub: 'user-1', client_id: 'web' }],
    [
      'a subject beside azp (Keycloak)',
      { sub: 'user-1', client_id: undefined, azp: 'web', preferred_username: 'ada' },
    ],
    ['another grant type (Auth0)', { gty: ['authorization_code', 'refresh_token'] }],
    ['a user token (Entra ID)', { idtyp: 'user' }],
  ];
  const CLIENTS: [string, object][] = [
    ['no subject', { sub: undefined }],
    ['the client as its subject (RFC 9068)', { sub: 'job', client_id: 'job' }],
    ['azp as its subject', { sub: 'job', client_id: undefined, azp: 'job' }],
    ['cid as its subject (Okta)', { sub: 'job', client_id: undefined, cid: 'job' }],
    ['client credentials (Auth0)', { sub: 'job@clients', gty: 'client-credentials' }],
    ['an application (Entra ID)', { sub: 'f3c1', idtyp: 'app' }],
    ['a service account (Keycloak)', { sub: '1f0e', azp: 'job', preferred_username: 'service-account-job' }],
  ];
  const WRONG = { status: 403, code: 'wrong_subject_kind', challenge: undefined };

  it.each(USERS)('takes a token with %s for that of a user', async (_, claims) => {
    expect((await get('/user', claims)).status).toBe(200);
    expect(await get('/client', claims)).toEqual(WRONG);
  });

  it.each(CLIENTS)('takes a token with %s for that of a client', async (_, claims) => {
    expect((await get('/client', claims)).status).toBe(200);
    expect(await get('/user', claims)).toEqual(WRONG);
  });

  it('uses the option subjectKind, which returns one of two', async () => {
    await using app = await start({
      subjectKind: ({ kind }: { kind?: unknown }) => kind,
    });
    expect((await get('/client', { kind: 'client' }, app)).status).toBe(200);
    expect(await get('/user', { kind: 'client' }, app)).toEqual(WRONG);
    expect((await get('/user', { kind: 'user' }, app)).status).toBe(200);
    expect((await get('/user', { kind: 'other' }, app)).status).toBe(500);
    expect((await get('/user', {}, app)).status).toBe(500);
  });
});

it('refuses a subjectKind that is no function', async () => {
  const start = startGuardedApp({
    issuer: 'https://i.example.com',
    audience: 'a',
    subjectKind: 'user' as never,
  });
  await expect(start).rejects.toThrow('option "subjectKind" must be a function');
});
