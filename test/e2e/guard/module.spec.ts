import { Controller, Get, Injectable, Module, UseGuards, type CanActivate } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import {
  AccessTokenVerifier,
  AuthModule,
  JwtAuthGuard,
  KeyRings,
  type AuthOptions,
  type AuthOptionsFactory,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen, SampleController, startGuardedApp } from '../../support/guarded-app.js';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());
const options = (): AuthOptions => ({ issuer: issuer.issuer, audience: issuer.audience });

@Injectable()
class OptionsFactory implements AuthOptionsFactory {
  createAuthOptions(): AuthOptions {
    return options();
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class OptionsModule {}

@UseGuards(JwtAuthGuard)
@Controller('feature')
class FeatureController {
  @Get()
  get(): string {
    return 'feature';
  }
}

@Module({ controllers: [FeatureController] })
class FeatureModule {}

describe('AuthModule.forRootAsync', () => {
  const WAYS = {
    useFactory: () => AuthModule.forRootAsync({ useFactory: async () => options() }),
    useClass: () => AuthModule.forRootAsync({ useClass: OptionsFactory }),
    useExisting: () => AuthModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsFactory }),
    'a factory with ConfigService': () =>
      AuthModule.forRootAsync({
        imports: [ConfigModule.forRoot({ load: [() => ({ ISSUER: issuer.issuer })], ignoreEnvFile: true })],
        inject: [ConfigService],
        useFactory: (config: ConfigService) => ({
          ...options(),
          issuer: config.getOrThrow<string>('ISSUER'),
        }),
      }),
  };
  it.each(Object.entries(WAYS))('takes its options by %s', async (_, auth) => {
    @Module({ imports: [auth()], controllers: [SampleController] })
    class AppModule {}
    await using api = await listen(AppModule);
    expect((await api.get('/me', issuer.token())).status).toBe(200);
    expect((await api.get('/me')).status).toBe(401);
  });

  it('guards every route by an option of the builder, which the factory must not return', async () => {
    @Module({
      imports: [AuthModule.forRootAsync({ guardEveryRoute: true, useFactory: options })],
      controllers: [SampleController],
    })
    class AppModule {}
    await using api = await listen(AppModule);
    expect((await api.get('/open')).status).toBe(401);
    expect((await api.get('/open', issuer.token())).status).toBe(200);

    const misplaced = { ...options(), guardEveryRoute: true } as AuthOptions;
    @Module({ imports: [AuthModule.forRootAsync({ useFactory: () => misplaced })] })
    class WrongModule {}
    await expect(listen(WrongModule)).rejects.toThrow(/"guardEveryRoute" goes beside useFactory/);
  });
});

describe('AuthModule', () => {
  it('works in a feature module that does not import it', async () => {
    @Module({ imports: [AuthModule.forRoot(options()), FeatureModule] })
    class AppModule {}
    await using api = await listen(AppModule);
    expect((await api.get('/feature')).status).toBe(401);
    expect((await api.get('/feature', issuer.token())).status).toBe(200);
  });

  it('must be imported where it is used when it is not global', async () => {
    const auth = AuthModule.forRoot({ ...options(), isGlobal: false });
    @Module({ imports: [auth, FeatureModule] })
    class WrongModule {}
    await expect(listen(WrongModule)).rejects.toThrow(/JwtStrategy|dependencies of the JwtAuthGuard/);

    @Module({ imports: [auth], controllers: [FeatureController] })
    class ImportingModule {}
    @Module({ imports: [ImportingModule] })
    class AppModule {}
    await using api = await listen(AppModule);
    expect((await api.get('/feature', issuer.token())).status).toBe(200);
  });

  it('must not be configured twice in one application', async () => {
    @Module({ imports: [AuthModule.forRoot(options()), AuthModule.forRoot(options())] })
    class AppModule {}
    await expect(listen(AppModule)).rejects.toThrow(
      new TypeError('AuthModule is configured twice: call forRoot once per application'),
    );
  });

  it('fails at start with a TypeError that names the option', async () => {
    await expect(startGuardedApp({ ...options(), issuer: 'http://example.com' })).rejects.toThrow(
      /option "issuer" must be an https URL/,
    );
    await expect(startGuardedApp({ ...options(), algorithms: ['HS256'] })).rejects.toThrow(
      /option "algorithms" holds "HS256"/,
    );
    @Module({ imports: [AuthModule.forRootAsync({ useFactory: () => null as never })] })
    class WithoutOptions {}
    await expect(listen(WithoutOptions)).rejects.toThrow(/auth: the options must be an object/);
  });

  it.each(['https://me:secret@issuer.test', 'https://issuer.test/\nforged', 'https://issuer.test/\u2028'])(
    'does not start with the issuer %j, which logs and metrics would hold as it is',
    async (name) => {
      const wrong = startGuardedApp({ ...options(), issuer: name });
      await expect(wrong).rejects.toThrow(/option "issuer" must hold no credentials/);
      await using api = await startGuardedApp(options());
      expect((await api.get('/me', issuer.token())).status).toBe(200);
    },
  );

  it('provides the verifier and the key rings outside a guard', async () => {
    await using api = await startGuardedApp(options());
    const verified = await api.app.get(AccessTokenVerifier).verify(issuer.token({ sub: 'someone' }));
    expect(verified).toMatchObject({
      claims: { sub: 'someone' },
      header: { typ: 'at+jwt' },
      issuer: issuer.issuer,
    });
    await expect(api.app.get(AccessTokenVerifier).verify('x')).rejects.toMatchObject({
      code: 'malformed_token',
    });
    expect(api.app.get(KeyRings).status()).toMatchObject([{ issuer: issuer.issuer, state: 'FRESH' }]);
  });

  const everyone: CanActivate = { canActivate: () => true };
  const REPLACEMENTS = {
    'overrideProvider, where every route is guarded': ['/open', true, 'overrideProvider'],
    'overrideGuard, where it stands on the handler': ['/me', false, 'overrideGuard'],
  } as const;
  it.each(Object.entries(REPLACEMENTS))(
    'lets a test replace the guard by %s',
    async (_, [path, guardEveryRoute, method]) => {
      const imports = [AuthModule.forRoot({ ...options(), guardEveryRoute })];
      const statusOf = async (builder: TestingModuleBuilder): Promise<number> => {
        const app = (await builder.compile()).createNestApplication({ logger: false });
        await app.listen(0, '127.0.0.1');
        const { status } = await fetch(`${await app.getUrl()}${path}`);
        await app.close();
        return status;
      };
      const build = () => Test.createTestingModule({ imports, controllers: [SampleController] });
      expect(await statusOf(build())).toBe(401);
      expect(await statusOf(build()[method](JwtAuthGuard).useValue(everyone))).toBe(200);
    },
  );

  it('logs at start, in one line, its keys and their source', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const logger = { log, warn: log, error: log };
    await using _ = await startGuardedApp(options(), { logger });
    const own = lines.filter((line) => line.startsWith(issuer.issuer));
    expect(own).toEqual([expect.stringMatching(/: 1 key \(RS256\) from http.*\/jwks in \d+ ms$/)]);
  });
});

describe('several issuers', () => {
  it('are found by their exact names, and one that is not listed causes no request', async () => {
    await using other = await startTestIssuer({ audience: 'https://other.test' });
    await using stranger = await startTestIssuer();
    const issuers = [issuer, other].map(({ issuer: name, audience }) => ({ issuer: name, audience }));
    await using api = await startGuardedApp({ issuers });
    expect((await api.get('/me', issuer.token())).status).toBe(200);
    expect((await api.get('/me', other.token())).status).toBe(200);
    expect((await api.get('/me', other.token({ aud: issuer.audience }))).status).toBe(401);
    const crossed = other.token({ iss: issuer.issuer, aud: issuer.audience });
    expect((await api.get('/me', crossed)).status).toBe(401);
    const refused = await api.get('/me', stranger.token());
    expect(await refused.json()).toMatchObject({ code: 'unknown_issuer' });
    expect(stranger.requests.log).toEqual([]);
  });
});
