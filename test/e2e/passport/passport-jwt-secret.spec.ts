import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { passportJwtSecret as jwksRsaSecret, type ExpressJwtOptions } from 'jwks-rsa';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { Agent } from 'node:http';
import { ExtractJwt, Strategy, type SecretOrKeyProvider } from 'passport-jwt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listen, type GuardedApp } from '../../support/guarded-app.js';
import { createProvider, keyOf } from '../../support/key-provider.js';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await startTestIssuer();
});
afterEach(() => issuer.close());

/** An application with a passport-jwt strategy of its own, guarded by Nest's own guard. */
async function startApp(secretOrKeyProvider: SecretOrKeyProvider): Promise<GuardedApp> {
  @Injectable()
  class OwnStrategy extends PassportStrategy(Strategy, 'own') {
    constructor() {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider,
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: ['RS256', 'ES256'],
      });
    }

    validate(claims: object): object {
      return claims;
    }
  }

  @UseGuards(AuthGuard('own'))
  @Controller()
  class OwnController {
    @Get('me')
    me(): string {
      return 'me';
    }
  }

  @Module({ controllers: [OwnController], providers: [OwnStrategy] })
  class OwnModule {}
  return listen(OwnModule);
}

describe.each(
  Object.entries({
    'nestjs-jwks-auth': (options: ExpressJwtOptions): SecretOrKeyProvider => createProvider(options),
    'jwks-rsa': (options: ExpressJwtOptions): SecretOrKeyProvider => jwksRsaSecret(options),
  }),
)('passportJwtSecret from %s', (_, createAlike) => {
  it('serves a strategy of the application', async () => {
    const options = { jwksUri: issuer.jwksUri, cache: true, rateLimit: true, jwksRequestsPerMinute: 5 };
    await using api = await startApp(createAlike(options));
    const status = async (token: string | undefined) => (await api.get('/me', token)).status;
    const bad = issuer.badTokens();
    const refused = ['expired', 'unknown kid', 'alg none', 'wrong key', 'HS256 with the public key'] as const;
    expect(await status(issuer.token())).toBe(200);
    const statuses = await Promise.all([...refused.map((name) => bad[name]), 'x', undefined].map(status));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 401]);
    await issuer.rotate({ algorithm: 'ES256' });
    expect(await status(issuer.token())).toBe(200);
  });

  it('yields null, and no error, for a token without a key', async () => {
    const provider = createAlike({ jwksUri: issuer.jwksUri });
    expect(await keyOf(provider, issuer.token())).toBeTruthy();
    const { 'unknown kid': unknownKid, 'HS256 with the public key': symmetric } = issuer.badTokens();
    for (const token of [unknownKid, symmetric, 'x', '', 1, undefined]) {
      expect(await keyOf(provider, token)).toBeNull();
    }
  });

  it('passes errors to handleSigningKeyError', async () => {
    const seen: (string | undefined)[] = [];
    const handleSigningKeyError: ExpressJwtOptions['handleSigningKeyError'] = (error, callback) => {
      seen.push(error?.name);
      callback(new Error('mine'));
    };
    const provider = createAlike({ jwksUri: issuer.jwksUri, handleSigningKeyError });
    expect(await keyOf(provider, issuer.token())).toBeTruthy();
    await expect(keyOf(provider, issuer.badTokens()['unknown kid'])).rejects.toThrow('mine');
    expect(seen).toEqual(['SigningKeyNotFoundError']);
  });

  it('calls a fetcher in place of the endpoint', async () => {
    const called: string[] = [];
    const keys = issuer.keys.map(({ publicJwk }) => publicJwk);
    const fetcher = async (jwksUri: string) => (called.push(jwksUri), { keys });
    const provider = createAlike({ jwksUri: 'the keys of example', fetcher });
    expect(await keyOf(provider, issuer.token())).toBeTruthy();
    expect(called).toEqual(['the keys of example']);
    expect(issuer.requests.log).toEqual([]);
  });

  it('sends requestHeaders, through requestAgent', async () => {
    const agent = new Agent();
    const connected = vi.spyOn(agent, 'createConnection' as never);
    const requestHeaders = { 'x-tenant': 'one' };
    const provider = createAlike({ jwksUri: issuer.jwksUri, requestHeaders, requestAgent: agent });
    expect(await keyOf(provider, issuer.token())).toBeTruthy();
    expect(connected).toHaveBeenCalledOnce();
    expect(issuer.requests.log[0]?.headers).toMatchObject(requestHeaders);
  });

  it("takes the interceptor's keys first, and fetches what they lack from the endpoint", async () => {
    const known = issuer.keys.map(({ publicJwk }) => publicJwk as never);
    const provider = createAlike({ jwksUri: issuer.jwksUri, getKeysInterceptor: async () => known });
    expect(await keyOf(provider, issuer.token())).toBeTruthy();
    expect(issuer.requests.jwks).toBe(0);
    await issuer.rotate();
    expect(await keyOf(provider, issuer.token())).toBeTruthy();
    expect(issuer.requests.jwks).toBe(1);
  });

  it.each([[[]], [undefined]])('fetches from the endpoint when the interceptor returns %j', async (none) => {
    const getKeysInterceptor = async () => none as never;
    const provider = createAlike({ jwksUri: issuer.jwksUri, getKeysInterceptor });
    expect(await keyOf(provider, issuer.token())).toBeTruthy();
  });

  it('throws at once without options or jwksUri', () => {
    expect(() => createAlike(undefined as never)).toThrow(/options object/);
    expect(() => createAlike({ fetcher: async () => ({ keys: [] }) })).toThrow(/jwksUri/);
  });
});

describe('an outage', () => {
  it('leaves a strategy of the application unaffected while keys are in memory', async () => {
    const options = { jwksUri: issuer.jwksUri, cacheMaxAge: 20, cacheMaxAgeFallback: 60_000 };
    await using api = await startApp(createProvider(options));
    expect((await api.get('/me', issuer.token())).status).toBe(200);
    issuer.fault({ status: 500 });
    const before = issuer.requests.jwks;
    while (issuer.requests.jwks === before) expect((await api.get('/me', issuer.token())).status).toBe(200);
    expect((await api.get('/me', issuer.token())).status).toBe(200);
  });
});
