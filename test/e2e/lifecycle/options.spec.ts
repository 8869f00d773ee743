import { Inject, Injectable, Module, Scope, type DynamicModule, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { AuthModule, type AuthOptions, type AuthOptionsFactory } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, listen, SampleController } from '../../support/guarded-app.js';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());
const options = (): AuthOptions => ({ issuer: issuer.issuer, audience: issuer.audience });

class Factory implements AuthOptionsFactory {
  createAuthOptions(): AuthOptions {
    return options();
  }
}

@Injectable()
class Shared extends Factory {}

@Injectable({ scope: Scope.TRANSIENT })
class Transient extends Factory {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest extends Factory {}

@Injectable({ scope: Scope.REQUEST, durable: true })
class Durable extends Factory {}

@Injectable()
class ThroughProperty extends Factory {
  @Inject(PerRequest) readonly perRequest!: PerRequest;
}

@Injectable()
class ThroughConstructor extends Factory {
  constructor(@Inject(ThroughProperty) readonly dependency: ThroughProperty) {
    super();
  }
}

const ALL = [Shared, Transient, PerRequest, Durable, ThroughProperty, ThroughConstructor];

@Module({ providers: ALL, exports: ALL })
class OptionsModule {}

const imports = [OptionsModule];

const injected = (token: Type<Factory>) =>
  AuthModule.forRootAsync({
    imports,
    inject: [token],
    useFactory: (factory: Factory) => factory.createAuthOptions(),
  });

function appOf(auth: DynamicModule | Type): Type {
  @Module({ imports: [auth], controllers: [SampleController] })
  class AppModule {}
  return AppModule;
}

describe.each(ADAPTERS)('the options of an application on %s', (adapter) => {
  it.each<[string, () => DynamicModule, RegExp]>([
    ['a request-scoped one', () => injected(PerRequest), /depends on PerRequest, which is request-scoped/],
    ['a durable one', () => injected(Durable), /depends on Durable, which is request-scoped/],
    ['one with such a property', () => injected(ThroughProperty), /on ThroughProperty > PerRequest, which/],
    [
      'one below one',
      () => injected(ThroughConstructor),
      /on ThroughConstructor > ThroughProperty > PerRequest, which/,
    ],
    ['a class', () => AuthModule.forRootAsync({ useClass: PerRequest }), /on PerRequest, which/],
    [
      'an existing class',
      () => AuthModule.forRootAsync({ imports, useExisting: Durable }),
      /on Durable, which/,
    ],
    [
      'the request itself',
      () => AuthModule.forRootAsync({ inject: [REQUEST], useFactory: options }),
      /on REQUEST, which/,
    ],
  ])('do not depend on a request: %s', async (_, auth, message) => {
    const before = issuer.requests.jwks;
    const start = listen(appOf(auth()), { adapter });
    await expect(start).rejects.toThrow(TypeError);
    await expect(start).rejects.toThrow(message);
    expect(issuer.requests.jwks).toBe(before);
  });

  it.each([Shared, Transient])('may depend on a provider that is none: %o', async (token) => {
    await using api = await listen(appOf(injected(token)), { adapter });
    expect((await api.get('/me', issuer.token())).status).toBe(200);
    expect((await api.get('/me', issuer.token({ exp: 1 }))).status).toBe(401);
  });
});

describe('options that are not given', () => {
  it.each([undefined, null, 'https://issuer.example/'])('forRoot(%j) says what is missing', (given) => {
    expect(() => AuthModule.forRoot(given as never)).toThrow(TypeError);
    expect(() => AuthModule.forRoot(given as never)).toThrow(
      /AuthModule\.forRoot needs options.*issuer.*audience/,
    );
    expect(() => AuthModule.forRoot(options())).not.toThrow();
  });

  it.each([undefined, null, {}, { inject: [] }])('forRootAsync(%j) says what is missing', (given) => {
    const start = () => AuthModule.forRootAsync(given as never);
    expect(start).toThrow(TypeError);
    expect(start).toThrow(/AuthModule\.forRootAsync needs one of useFactory, useClass and useExisting/);
    expect(() => AuthModule.forRootAsync({ useFactory: options })).not.toThrow();
  });

  it.each<[string, () => DynamicModule | Type]>([
    ['AuthModule without forRoot', () => AuthModule],
    [
      'a factory that returns nothing',
      () => AuthModule.forRootAsync({ useFactory: () => undefined as never }),
    ],
  ])('end the start: %s', async (_, auth) => {
    const start = listen(appOf(auth()));
    await expect(start).rejects.toThrow(TypeError);
    await expect(start).rejects.toThrow(/AuthModule has no options/);
  });
});
