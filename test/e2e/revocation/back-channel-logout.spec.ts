import { Module, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Keyv } from 'keyv';
import { AuthModule, present, Revocations, type AuthOptions, type Logout } from 'nestjs-jwks-auth';
import {
  startTestIssuer,
  type TestClaims,
  type TestIssuer,
  type TestTokenOptions,
} from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HOUR, SECRET } from '../../support/constants.js';
import {
  ADAPTERS,
  SampleController,
  startGuardedApp,
  type Adapter,
  type GuardedApp,
} from '../../support/guarded-app.js';

const PATH = '/oidc/backchannel-logout';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

interface Changes {
  readonly adapter?: Adapter;
  readonly logout?: Partial<AuthOptions['backChannelLogout']>;
  readonly options?: Partial<AuthOptions>;
  readonly guardEveryRoute?: boolean;
}

const start = ({ adapter = 'express', logout, options, guardEveryRoute = false }: Changes = {}) =>
  startGuardedApp(
    {
      issuer: issuer.issuer,
      audience: issuer.audience,
      backChannelLogout: { path: PATH, clientIds: ['web', 'client-1'], ...logout },
      guardEveryRoute,
      ...options,
    },
    { adapter },
  );

const post = (api: GuardedApp, token: string, form: Record<string, string> = {}) =>
  fetch(api.url + PATH, { method: 'POST', body: new URLSearchParams({ logout_token: token, ...form }) });

/** The status, and of a refusal its description; every response must not be cached. */
async function answerTo(response: Response): Promise<unknown> {
  expect(response.headers.get('cache-control')).toBe('no-store');
  const text = await response.text();
  if (response.status === 200) return text === '' ? 200 : text;
  const { error, error_description: description } = JSON.parse(text) as Record<string, string>;
  expect(error).toBe(response.status === 400 ? 'invalid_request' : 'temporarily_unavailable');
  return [response.status, description];
}
const send = async (api: GuardedApp, token: string) => answerTo(await post(api, token));
const statusOf = async (api: GuardedApp, token: string) => (await api.get('/me', token)).status;
const nowS = () => Math.floor(Date.now() / 1_000);

describe.each(ADAPTERS)('back-channel logout on %s', (adapter) => {
  it('ends the session that is named, and no other', async () => {
    await using api = await start({ adapter });
    const [one, other] = [issuer.token({ sid: 'one' }), issuer.token({ sid: 'other' })];
    expect([await statusOf(api, one), await statusOf(api, other)]).toEqual([200, 200]);
    expect(await send(api, issuer.logoutToken({ sid: 'one', sub: undefined }))).toBe(200);
    expect([await statusOf(api, one), await statusOf(api, other)]).toEqual([401, 200]);
    expect(await (await api.get('/me', one)).json()).toMatchObject({ code: 'revoked' });
  });

  it('ends every session of a subject that is named alone, and none that begins later', async () => {
    await using api = await start({ adapter });
    const [older, newer] = [
      issuer.token({ sid: 'one', iat: nowS() - 1 }),
      issuer.token({ sid: 'two', iat: nowS() + 3 }),
    ];
    const another = issuer.token({ sub: 'user-2', iat: nowS() - 1 });
    expect(await send(api, issuer.logoutToken({ sub: 'user-1' }))).toBe(200);
    expect([await statusOf(api, older), await statusOf(api, newer), await statusOf(api, another)]).toEqual([
      401, 200, 200,
    ]);
  });

  it('ends the session alone where both are named', async () => {
    await using api = await start({ adapter });
    expect(await send(api, issuer.logoutToken({ sid: 'one', sub: 'user-1' }))).toBe(200);
    expect(await statusOf(api, issuer.token({ sid: 'one' }))).toBe(401);
    expect(await statusOf(api, issuer.token({ sid: 'other', iat: nowS() - 60 }))).toBe(200);
  });

  it('is open under guardEveryRoute', async () => {
    await using api = await start({ adapter, guardEveryRoute: true });
    expect((await api.get('/open')).status).toBe(401);
    expect(await send(api, issuer.logoutToken())).toBe(200);
  });

  it('answers a GET with 405 and what is allowed, and never lets an answer be cached', async () => {
    await using api = await start({ adapter });
    const response = await fetch(api.url + PATH);
    expect([response.status, response.headers.get('allow'), response.headers.get('cache-control')]).toEqual([
      405,
      'POST',
      'no-store',
    ]);
  });

  it.each([
    ['no form', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
    ['another parameter', { method: 'POST', body: new URLSearchParams({ token: 'a.b.c' }) }],
    ['an empty parameter', { method: 'POST', body: new URLSearchParams({ logout_token: '' }) }],
    ['no body', { method: 'POST' }],
    ['9 KiB', { method: 'POST', body: new URLSearchParams({ logout_token: 'x'.repeat(9_216) }) }],
  ] as const)('refuses %s', async (_, init) => {
    await using api = await start({ adapter });
    expect(await answerTo(await fetch(api.url + PATH, init as RequestInit))).toEqual([
      400,
      expect.stringContaining('must be a form'),
    ]);
    expect(await send(api, issuer.logoutToken())).toBe(200);
  });

  it('refuses two tokens in one form', async () => {
    await using api = await start({ adapter });
    const body = new URLSearchParams(
      [1, 2].map(() => ['logout_token', issuer.logoutToken()] as [string, string]),
    );
    expect((await fetch(api.url + PATH, { method: 'POST', body })).status).toBe(400);
  });
});

it.each(ADAPTERS)('is beside the global prefix and the versions of an application on %s', async (adapter) => {
  const backChannelLogout = { path: PATH, clientIds: ['client-1'] };
  const auth = { issuer: issuer.issuer, audience: issuer.audience, guardEveryRoute: true, backChannelLogout };
  @Module({ imports: [AuthModule.forRoot(auth)], controllers: [SampleController] })
  class VersionedModule {}
  const app = await (adapter === 'fastify'
    ? NestFactory.create(VersionedModule, new FastifyAdapter(), { logger: false })
    : NestFactory.create(VersionedModule, { logger: false }));
  app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const body = () => new URLSearchParams({ logout_token: issuer.logoutToken() });
  expect((await fetch(url + PATH, { method: 'POST', body: body() })).status).toBe(200);
  expect((await fetch(`${url}/api/v1${PATH}`, { method: 'POST', body: body() })).status).toBe(404);
  expect((await fetch(`${url}/api/v1/open`)).status).toBe(401);
  await app.close();
});

type Refusal = [what: string, claims: TestClaims, reason: RegExp, options?: TestTokenOptions];
const REFUSED: readonly Refusal[] = [
  ['a nonce', { nonce: 'n' }, /nonce/],
  ['a null nonce', { nonce: null }, /nonce/],
  ['the audience of the API', { aud: 'https://api.test' }, /another client/],
  ['no audience', { aud: undefined }, /another client/],
  ['an audience that only begins like the client', { aud: 'client-10' }, /another client/],
  ['no events', { events: undefined }, /events/],
  ['events without the member', { events: { other: {} } }, /events/],
  ['events as text', { events: EVENT }, /events/],
  ['an event that is no object', { events: { [EVENT]: true } }, /events/],
  ['an event that is an array', { events: { [EVENT]: [] } }, /events/],
  ['neither sub nor sid', { sub: undefined }, /neither sub nor sid/],
  ['a sid that is no string', { sid: 1 }, /claim/],
  ['an empty sub', { sub: '' }, /claim/],
  ['no jti', { jti: undefined }, /claim/],
  ['a jti that is no string', { jti: 7 }, /claim/],
  ['no iat', { iat: undefined }, /claim/],
  ['an old iat', { iat: Math.floor(Date.now() / 1_000) - 300 }, /last two minutes/],
  ['an iat in the future', { iat: Math.floor(Date.now() / 1_000) + 300 }, /last two minutes/],
  ['no exp', { exp: undefined }, /claim/],
  ['an exp that is no number', { exp: '9999999999' }, /claim/],
  ['an exp that has passed', { exp: Math.floor(Date.now() / 1_000) - 60 }, /expired/],
  ['another issuer', { iss: 'https://unknown.example' }, /issuer/],
  ['no issuer', { iss: undefined }, /issuer/],
  ['typ at+jwt', {}, /typ/, { header: { typ: 'at+jwt' } }],
  ['typ dpop+jwt', {}, /typ/, { header: { typ: 'dpop+jwt' } }],
  ['alg none', {}, /algorithm/, { header: { alg: 'none' } }],
  ['HS256', {}, /algorithm/, { header: { alg: 'HS256' } }],
];

describe('a logout token', () => {
  let api: GuardedApp;
  beforeAll(async () => {
    api = await start();
  });
  afterAll(() => api[Symbol.asyncDispose]());

  it.each<Refusal>(REFUSED)('with %s is refused', async (_, claims, reason, options) => {
    expect(await send(api, issuer.logoutToken(claims, options))).toEqual([
      400,
      expect.stringMatching(reason),
    ]);
  });

  it.each([
    ['no typ', {}, { header: { typ: undefined } }],
    ['typ JWT', {}, { header: { typ: 'JWT' } }],
    ['typ as a media type', {}, { header: { typ: 'application/logout+JWT' } }],
    ['several audiences', { aud: ['other', 'web'] }, {}],
    ['an event with members', { events: { [EVENT]: { reason: 'x' }, other: {} } }, {}],
  ] as const)('with %s is accepted', async (_, claims, options) => {
    expect(await send(api, issuer.logoutToken({ sid: 'x', ...claims }, options))).toBe(200);
  });

  it('is accepted once', async () => {
    const token = issuer.logoutToken();
    expect(await send(api, token)).toBe(200);
    expect(await send(api, token)).toEqual([400, expect.stringContaining('received before')]);
    const twice = issuer.logoutToken();
    const answers = await Promise.all([send(api, twice), send(api, twice)]);
    expect(answers.toSorted()).toEqual([200, [400, expect.stringContaining('received before')]]);
  });

  it('with a forged jti does not use up the good one', async () => {
    const forged = issuer.logoutToken(
      { jti: 'j' },
      { key: await issuer.createKey('RS256', issuer.keys[0]?.kid) },
    );
    expect(await send(api, forged)).toEqual([400, expect.stringContaining('signature')]);
    expect(await send(api, issuer.logoutToken({ jti: 'j' }))).toBe(200);
  });

  it('is no access token, and an access token is no logout token', async () => {
    const claims = { aud: issuer.audience, client_id: 'client-1', sub: 'user-9' };
    expect(await statusOf(api, issuer.token(claims))).toBe(200);
    expect(await statusOf(api, issuer.logoutToken(claims))).toBe(401);
    expect(await statusOf(api, issuer.logoutToken(claims, { header: { typ: 'at+jwt' } }))).toBe(401);
    expect(await statusOf(api, issuer.logoutToken(claims, { header: { typ: undefined } }))).toBe(401);
    expect(await send(api, issuer.token({ aud: 'client-1' }))).toEqual([400, expect.stringContaining('typ')]);
    const untyped = issuer.token({ aud: 'client-1' }, { header: { typ: undefined } });
    expect(await send(api, untyped)).toEqual([400, expect.stringContaining('events')]);
  });

  it('is no access token either where requiredClaims name events', async () => {
    await using named = await startGuardedApp({
      issuer: issuer.issuer,
      audience: issuer.audience,
      requiredClaims: { events: present },
    });
    const events = { other: {} };
    expect(await statusOf(named, issuer.token({ events }))).toBe(200);
    expect(await statusOf(named, issuer.token({ events: { ...events, [EVENT]: {} } }))).toBe(401);
  });
});

it('without exp is accepted for two minutes where the options say so', async () => {
  await using api = await start({ logout: { requireExp: false } });
  expect(await send(api, issuer.logoutToken({ exp: undefined, iat: nowS() - 60 }))).toBe(200);
  expect(await send(api, issuer.logoutToken({ exp: undefined, iat: nowS() - 300 }))).toEqual([
    400,
    expect.stringContaining('two minutes'),
  ]);
  expect(await send(api, issuer.logoutToken({ exp: nowS() - 60 }))).toEqual([400, expect.anything()]);
});

it('a flood causes no fetch', async () => {
  await using own = await startTestIssuer();
  await using api = await start({ options: { issuer: own.issuer, audience: own.audience } });
  expect((await api.get('/me', own.token())).status).toBe(200);
  const fetches = own.requests.jwks;
  const floods = [
    ...Array.from({ length: 20 }, (_, i) => own.logoutToken({ iss: `https://made-up-${i}.example` })),
    ...Array.from({ length: 20 }, (_, i) =>
      own.logoutToken({ aud: 'other' }, { header: { kid: `made up ${i}` } }),
    ),
    ...Array.from({ length: 20 }, (_, i) =>
      own.logoutToken({ iat: nowS() - HOUR }, { header: { kid: `made up ${i}` } }),
    ),
    ...Array.from({ length: 20 }, (_, i) => own.token({}, { header: { kid: `made up ${i}` } })),
  ];
  const answers = await Promise.all(floods.map(async (token) => (await post(api, token)).status));
  expect(new Set(answers)).toEqual(new Set([400]));
  expect(own.requests.jwks).toBe(fetches);
  expect(await send(api, own.logoutToken())).toBe(200);
});

it('checks no more signatures than its budget allows, and spends none of it on what costs none', async () => {
  await using api = await start({ logout: { checksPerMinute: 2 } });
  const [one, other] = [issuer.logoutToken(), issuer.logoutToken()];
  expect(await send(api, one)).toBe(200);
  const cheap = [
    one,
    issuer.logoutToken({ aud: 'other' }),
    issuer.logoutToken({}, { header: { alg: 'none' } }),
    'a.b.c',
  ];
  for (const token of cheap) expect((await post(api, token)).status).toBe(400);
  expect(await send(api, other)).toBe(200);
  const refused = await post(api, issuer.logoutToken());
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
});

it('answers 503 while the keys of the issuer are unavailable', async () => {
  await using own = await startTestIssuer();
  own.fault('reset', { on: 'all' });
  await using api = await start({
    options: { issuer: own.issuer, audience: own.audience, keys: { bootstrap: 'background' } },
  });
  const response = await post(api, own.logoutToken());
  expect([response.status, Number(response.headers.get('retry-after')) > 0]).toEqual([503, true]);
});

it('calls onLogout once the tokens are refused; where it fails, the token may be sent again', async () => {
  const onLogout = vi.fn<(logout: Logout) => void>();
  await using api = await start({ logout: { onLogout } });
  const token = issuer.logoutToken({ sid: 's' });
  onLogout.mockImplementationOnce(() => {
    throw new Error('the session store is down');
  });
  expect(await send(api, token)).toEqual([400, 'The logout failed']);
  expect(await statusOf(api, issuer.token({ sid: 's' }))).toBe(401);
  expect(await send(api, token)).toBe(200);
  const logout = { iss: issuer.issuer, sub: 'user-1', sid: 's' };
  expect(onLogout.mock.calls).toEqual([[logout], [logout]]);
});

it('reaches the other processes through the store', async () => {
  const entries = new Map<string, unknown>();
  const shared = () => ({
    keys: { store: new Keyv({ store: entries, useKeyPrefix: false }), storeSecret: SECRET },
    revocations: { pollMs: 100 },
  });
  await using one = await start({ options: shared() });
  await using other = await start({ options: shared(), adapter: 'fastify' });
  const [token, good] = [issuer.token({ sid: 's' }), issuer.token({ sid: 't' })];
  expect([await statusOf(other, token), await statusOf(other, good)]).toEqual([200, 200]);
  expect(await send(one, issuer.logoutToken({ sid: 's' }))).toBe(200);
  expect(await statusOf(one, token)).toBe(401);
  await vi.waitFor(async () => expect(await statusOf(other, token)).toBe(401), 5_000);
  expect(await statusOf(other, good)).toBe(200);
});

it('works for issuers that are resolved when they are needed', async () => {
  const allow = (name: string) => name === issuer.issuer;
  const resolve = vi.fn<(name: string) => { issuer: string }>((name) => ({ issuer: name }));
  await using api = await startGuardedApp({
    issuers: { allow, resolve },
    audience: issuer.audience,
    backChannelLogout: { path: PATH, clientIds: ['client-1'] },
  });
  expect((await post(api, issuer.logoutToken({ iss: 'https://other.example' }))).status).toBe(400);
  expect((await post(api, issuer.logoutToken({ aud: 'other' }))).status).toBe(400);
  expect(resolve).not.toHaveBeenCalled();
  expect(await send(api, issuer.logoutToken({ sid: 's' }))).toBe(200);
  expect([
    await statusOf(api, issuer.token({ sid: 's' })),
    await statusOf(api, issuer.token({ sid: 't' })),
  ]).toEqual([401, 200]);
  expect(resolve).toHaveBeenCalledOnce();
});

it('without the option there is no such path', async () => {
  await using api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience });
  expect((await post(api, issuer.logoutToken())).status).toBe(404);
  expect(api.app.get(Revocations)).toBeInstanceOf(Revocations);
});

it.each([
  [{ clientIds: ['web'] }, 'backChannelLogout.path'],
  [{ path: 'logout', clientIds: ['web'] }, 'backChannelLogout.path'],
  [{ path: PATH }, 'backChannelLogout.clientIds'],
  [{ path: PATH, clientIds: [] }, 'backChannelLogout.clientIds'],
  [{ path: PATH, clientIds: ['web'], requireExp: 'no' }, 'backChannelLogout.requireExp'],
  [{ path: PATH, clientIds: ['web'], checksPerMinute: 0 }, 'backChannelLogout.checksPerMinute'],
  [{ path: PATH, clientIds: ['web'], onLogout: true }, 'backChannelLogout.onLogout'],
  [{ path: PATH, clientIds: ['web'], other: 1 }, 'backChannelLogout.other'],
])('backChannelLogout: %j is a TypeError that names the option', async (backChannelLogout, name) => {
  const options = { issuer: issuer.issuer, audience: issuer.audience, backChannelLogout };
  await expect(startGuardedApp(options as never)).rejects.toThrow(`option "${name}"`);
});

it('a tokenType of logout tokens is a TypeError', async () => {
  const options = { issuer: issuer.issuer, audience: issuer.audience, tokenType: ['at+jwt', 'logout+jwt'] };
  await expect(startGuardedApp(options)).rejects.toThrow('option "tokenType" holds logout+jwt');
});
