import { Controller, Get, HttpException, Injectable, Module, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { passportJwtSecret as jwksRsaSecret } from 'jwks-rsa';
import { AuthError, passportJwtSecret, type PassportJwtSecretOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen, type GuardedApp } from '../support/guarded-app.js';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await startTestIssuer();
});
afterEach(() => issuer.close());

/** Asks a provider for the key of a token. */
function keyOf(provider: ReturnType<typeof passportJwtSecret>, token: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    provider({}, token, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** An application with a passport-jwt strategy of its own. */
async function startApp(secretOrKeyProvider: never): Promise<GuardedApp> {
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

  @Injectable()
  class OwnGuard extends AuthGuard('own') {
    override handleRequest<TUser>(error: unknown, user: unknown, info: unknown): TUser {
      if (info instanceof AuthError && !info.isRefusal) throw new HttpException('try again', 503);
      return super.handleRequest(error, user, info, undefined as never);
    }
  }

  @UseGuards(OwnGuard)
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

describe('passportJwtSecret', () => {
  const PROVIDERS = { 'nestjs-jwks-auth': passportJwtSecret, 'jwks-rsa': jwksRsaSecret } as const;
  it.each(Object.entries(PROVIDERS))(
    'serves a strategy of the application, from %s alike',
    async (_, create) => {
      await using api = await startApp(
        create({ jwksUri: issuer.jwksUri, cache: true, rateLimit: true }) as never,
      );
      const status = async (token: string) => (await api.get('/me', token)).status;
      const {
        expired = '',
        'unknown kid': unknownKid = '',
        'alg none': none = '',
        'wrong key': wrong = '',
      } = issuer.badTokens();
      expect(await status(issuer.token())).toBe(200);
      expect(await Promise.all([expired, unknownKid, none, wrong, 'x'].map(status))).toEqual([
        401, 401, 401, 401, 401,
      ]);
      await issuer.rotate({ algorithm: 'ES256' });
      expect(await status(issuer.token())).toBe(200);
    },
  );

  it('goes on through an outage, and lets handleRequest answer 503 when there are no keys', async () => {
    const options = { jwksUri: issuer.jwksUri, cacheMaxAge: 20, cacheMaxAgeFallback: 60_000 };
    await using api = await startApp(passportJwtSecret(options) as never);
    expect((await api.get('/me', issuer.token())).status).toBe(200);
    issuer.fault({ status: 500 });
    const asked = issuer.requests.jwks;
    while (issuer.requests.jwks === asked) expect((await api.get('/me', issuer.token())).status).toBe(200);
    expect((await api.get('/me', issuer.token())).status).toBe(200);

    await using empty = await startApp(passportJwtSecret({ jwksUri: issuer.jwksUri }) as never);
    expect((await empty.get('/me', issuer.token())).status).toBe(503);
  });

  it('hands out a KeyObject, and no key for what has none', async () => {
    const provider = passportJwtSecret({ jwksUri: issuer.jwksUri });
    const key = await keyOf(provider, issuer.token());
    expect(key).toMatchObject({ type: 'public', asymmetricKeyType: 'rsa' });
    for (const token of [
      issuer.badTokens()['unknown kid'],
      issuer.badTokens()['HS256 with the public key'],
      'x',
      1,
    ]) {
      expect(await keyOf(provider, token)).toBeUndefined();
    }
  });

  it('asks a fetcher in place of the endpoint', async () => {
    const asked: string[] = [];
    const keys = issuer.keys.map(({ publicJwk }) => publicJwk);
    const fetcher = async (jwksUri: string) => (asked.push(jwksUri), { keys });
    const provider = passportJwtSecret({ jwksUri: 'https://keys.example/jwks', fetcher });
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
    expect(asked).toEqual(['https://keys.example/jwks']);
    expect(issuer.requests.log).toEqual([]);
  });

  it("looks at the interceptor's keys before the endpoint is asked", async () => {
    const known = issuer.keys.map(({ publicJwk }) => publicJwk);
    const provider = passportJwtSecret({ jwksUri: issuer.jwksUri, getKeysInterceptor: async () => known });
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
    expect(issuer.requests.jwks).toBe(0);
    await issuer.rotate();
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
    expect(issuer.requests.jwks).toBe(1);
  });

  it('leaves it to handleSigningKeyError what becomes of an error', async () => {
    const seen: (string | undefined)[] = [];
    const handleSigningKeyError: PassportJwtSecretOptions['handleSigningKeyError'] = (error, callback) => {
      seen.push(error?.name);
      callback(new Error('mine'));
    };
    const provider = passportJwtSecret({ jwksUri: issuer.jwksUri, handleSigningKeyError });
    await expect(keyOf(provider, issuer.badTokens()['unknown kid'])).rejects.toThrow('mine');
    expect(seen).toEqual(['SigningKeyNotFoundError']);
  });

  it('refuses what cannot work, at once', () => {
    expect(() => passportJwtSecret({} as never)).toThrow(/option "jwksUri"/);
    expect(() => passportJwtSecret({ jwksUri: issuer.jwksUri, cacheMaxAge: 0 })).toThrow(
      /option "cacheMaxAge"/,
    );
  });
});
