import { Controller, ForbiddenException, Get, UseGuards } from '@nestjs/common';
import { AuthError, CurrentUser, JwtAuthGuard, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp } from '../../support/guarded-app.js';

@UseGuards(JwtAuthGuard)
@Controller()
class UserController {
  @Get('me')
  me(@CurrentUser() user: unknown): unknown {
    return user;
  }
}

describe.each(ADAPTERS)("the application's hooks on %s", (adapter) => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
  });
  afterAll(() => issuer.close());
  const start = (hooks: Partial<AuthOptions>) =>
    startGuardedApp(
      { issuer: issuer.issuer, audience: issuer.audience, ...hooks },
      { adapter, controllers: [UserController] },
    );

  it('passes the claims, the request, the header and the issuer to validate, for every request', async () => {
    const seen: unknown[] = [];
    await using api = await start({
      validate: async (claims, { request, header, issuer: from }) => {
        seen.push([claims.sub, (request as { url: string }).url, header.kid, from]);
        return { id: claims.sub, ...claims };
      },
    });
    const token = issuer.token();
    expect(await (await api.get('/me?n=1', token)).json()).toMatchObject({ id: 'user-1', sub: 'user-1' });
    expect((await api.get('/me?n=2', token)).status).toBe(200);
    const kid = issuer.keys.at(-1)?.kid;
    expect(seen).toEqual([1, 2].map((n) => ['user-1', `/me?n=${n}`, kid, issuer.issuer]));
  });

  it.each([undefined, null, false, 0, ''])('responds with 401 when validate returns %j', async (nothing) => {
    let user: unknown = nothing;
    await using api = await start({ validate: () => user });
    const refused = await api.get('/me', issuer.token());
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'user_rejected' });
    user = { id: 1 };
    expect((await api.get('/me', issuer.token())).status).toBe(200);
  });

  it('calls isRevoked for cached tokens too', async () => {
    const revoked = new Set<unknown>();
    await using api = await start({ isRevoked: async ({ jti }) => revoked.has(jti) });
    const token = issuer.token({ jti: 'one' });
    expect((await api.get('/me', token)).status).toBe(200);
    revoked.add('one');
    const refused = await api.get('/me', token);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'revoked' });
    expect((await api.get('/me', issuer.token({ jti: 'two' }))).status).toBe(200);
  });

  it.each(['validate', 'isRevoked'] as const)('passes on unchanged what %s throws', async (hook) => {
    let error: Error | undefined = new Error('the database is down');
    const run = () => {
      if (error !== undefined) throw error;
      return hook === 'validate';
    };
    await using api = await start({ [hook]: run });
    expect((await api.get('/me', issuer.token())).status).toBe(500);
    error = new ForbiddenException('not here');
    expect((await api.get('/me', issuer.token())).status).toBe(403);
    error = new AuthError('user_rejected');
    expect((await api.get('/me', issuer.token())).status).toBe(401);
    error = undefined;
    expect((await api.get('/me', issuer.token())).status).toBe(200);
  });

  it('never calls validate for a token that is refused', async () => {
    let calls = 0;
    await using api = await start({ validate: (claims) => ((calls += 1), claims) });
    expect((await api.get('/me', issuer.token({ aud: 'other' }))).status).toBe(401);
    expect(calls).toBe(0);
    expect((await api.get('/me', issuer.token())).status).toBe(200);
    expect(calls).toBe(1);
  });

  it('takes the token that jwtFromRequest extracts', async () => {
    const jwtFromRequest = (request: { headers: Record<string, string> }) =>
      request.headers['x-token'] ?? null;
    await using api = await start({ jwtFromRequest: jwtFromRequest as never });
    expect((await api.get('/me', issuer.token())).status).toBe(401);
    expect((await api.get('/me', undefined, { 'x-token': issuer.token() })).status).toBe(200);
  });

  it.each([['an array'], { token: 'an object' }, 7])(
    'responds with 401 when jwtFromRequest returns %j, which a client can send',
    async (strange) => {
      let token: unknown = strange;
      await using api = await start({ jwtFromRequest: () => token as string });
      const refused = await api.get('/me');
      expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'malformed_token' }]);
      token = issuer.token();
      expect((await api.get('/me')).status).toBe(200);
    },
  );

  it('responds with 500 when jwtFromRequest is asynchronous, and survives its rejection', async () => {
    const token = issuer.token();
    const refuse = async () => {
      throw new Error('no session');
    };
    let extract: () => unknown = refuse;
    await using api = await start({ jwtFromRequest: () => extract() as string });
    expect((await api.get('/me')).status).toBe(500);
    extract = async () => token;
    expect((await api.get('/me')).status).toBe(500);
    extract = () => token;
    expect((await api.get('/me')).status).toBe(200);
  });

  it.each([undefined, null, 0, ''])(
    'never treats a hook that throws %j as one that agrees',
    async (nothing) => {
      let isBroken = true;
      const validate: AuthOptions['validate'] = (claims) => {
        if (isBroken) throw nothing as unknown as Error;
        return claims;
      };
      await using api = await start({ validate });
      expect((await api.get('/me', issuer.token())).status).toBe(500);
      isBroken = false;
      expect((await api.get('/me', issuer.token())).status).toBe(200);
    },
  );

  it('passes claims that cannot be changed', async () => {
    let frozen = false;
    const validate: AuthOptions['validate'] = (claims) => {
      frozen = Object.isFrozen(claims) && Object.isFrozen(claims['realm_access']);
      return claims;
    };
    await using api = await start({ validate });
    expect((await api.get('/me', issuer.token({ realm_access: { roles: [] } }))).status).toBe(200);
    expect(frozen).toBe(true);
  });
});
