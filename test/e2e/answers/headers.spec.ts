import type { Server, ServerResponse } from 'node:http';
import { Catch, Controller, Get, UseFilters, UseGuards, type ExceptionFilter } from '@nestjs/common';
import { AuthError, AuthException, JwtAuthGuard, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedAppOptions } from '../../support/guarded-app.js';

describe.each(ADAPTERS)('the headers of refusals on %s', (adapter) => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
  });
  afterAll(() => issuer.close());
  const start = (given: Partial<AuthOptions> = {}, rest: GuardedAppOptions = {}) =>
    startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience, ...given }, { adapter, ...rest });

  it('names a realm in every challenge, where there is no audience to name', async () => {
    await using api = await start({ audience: null, requiredClaims: null });
    const anonymous = await api.get('/me');
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer realm="api"');
    const refused = await api.get('/me', issuer.token({ exp: 1 }));
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer realm="api", error="invalid_token", /);
    expect((await api.get('/me', issuer.token())).status).toBe(200);
  });

  it('names the scopes of the route without a token, with a bad one, and with one that lacks a scope', async () => {
    await using api = await start();
    const challengeOf = async (path: string, token?: string) =>
      (await api.get(path, token)).headers.get('www-authenticate');
    const realm = `Bearer realm="${issuer.audience}"`;
    const scope = 'scope="read:orders list:orders"';
    expect(await challengeOf('/scoped')).toBe(`${realm}, ${scope}`);
    expect(await challengeOf('/scoped', issuer.token({ exp: 1 }))).toBe(
      `${realm}, error="invalid_token", error_description="The access token expired", ${scope}`,
    );
    expect(await challengeOf('/scoped', issuer.token({ scope: 'read:orders' }))).toMatch(
      new RegExp(`^${realm}, error="insufficient_scope", error_description="[^"]+", ${scope}$`),
    );
    expect(await challengeOf('/scoped', 'a{b}')).not.toContain('scope');
    expect(await challengeOf('/me')).toBe(realm);
  });

  it('forbids caches to keep a refusal, whatever its status', async () => {
    await using api = await start();
    const refusals = [
      await api.get('/me', undefined, { authorization: 'Bearer' }),
      await api.get('/me'),
      await api.get('/scoped', issuer.token()),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([400, 401, 403]);
    for (const { headers } of refusals) expect(headers.get('cache-control')).toBe('no-store');
    expect((await api.get('/me', issuer.token())).headers.get('cache-control')).toBeNull();

    await using dead = await startTestIssuer();
    dead.fault({ status: 500 }, { on: 'all' });
    await using orphan = await startGuardedApp(
      { issuer: dead.issuer, audience: dead.audience, keys: { bootstrap: 'background' } },
      { adapter },
    );
    const unknown = await orphan.get('/me', dead.token());
    expect([unknown.status, unknown.headers.get('cache-control')]).toEqual([503, 'no-store']);
  });

  it('leaves the answer of a time-out as it is, and the refusal a refusal', async () => {
    const seen = Promise.withResolvers<unknown>();
    @Catch()
    class Recorder implements ExceptionFilter {
      catch(error: unknown): void {
        seen.resolve(error instanceof AuthException ? error.authError.code : error);
      }
    }
    @UseFilters(Recorder)
    @UseGuards(JwtAuthGuard)
    @Controller()
    class SlowController {
      @Get('slow')
      slow(): string {
        return 'slow';
      }
    }
    let response: ServerResponse | undefined;
    let isLate = true;
    const validate: AuthOptions['validate'] = (claims) => {
      if (!isLate) return claims;
      // What a time-out does: it answers while the guard still waits.
      response?.writeHead(504).end('too late');
      throw new AuthError('user_rejected');
    };
    await using api = await start({ validate }, { controllers: [SlowController] });
    const server = api.app.getHttpServer() as Server;
    server.prependListener('request', (_, answer) => (response = answer));
    const late = await api.get('/slow', issuer.token());
    expect([late.status, await late.text()]).toEqual([504, 'too late']);
    expect(await seen.promise).toBe('user_rejected');
    isLate = false;
    expect((await api.get('/slow', issuer.token())).status).toBe(200);
  });
});

it('names a realm when an application formats a refusal itself', () => {
  const { headers } = new AuthException(new AuthError('missing_token'), { realm: undefined });
  expect(headers['www-authenticate']).toBe('Bearer realm="api"');
});
