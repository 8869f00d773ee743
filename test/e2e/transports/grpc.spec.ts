import { Controller, UseGuards, type Provider, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { JwtAuthGuard, Public, RequireScopes, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OrdersService, startGrpcApp, statusOf, type GrpcApp } from '../../support/grpc-app.js';

let issuer: TestIssuer;
let api: GrpcApp;
let validations = 0;

const options = (): AuthOptions => ({
  issuer: issuer.issuer,
  audience: issuer.audience,
  validate: (claims) => {
    validations += 1;
    return claims;
  },
});

beforeAll(async () => {
  issuer = await startTestIssuer();
  api = await startGrpcApp(options());
});
beforeEach(() => {
  validations = 0;
  OrdersService.calls = 0;
});
afterAll(async () => {
  await api.app.close();
  api.client.close();
  await issuer.close();
});

const metadataOf = (authorization: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', authorization);
  return metadata;
};

/** The error that a call ends with, as a client sees it. */
async function refusal(method: string, metadata?: Metadata): Promise<object> {
  const error: ServiceError = await api.call(method, metadata).then(
    (text) => Promise.reject(new Error(`answered ${text}`)),
    (refused: ServiceError) => refused,
  );
  const { code, details, metadata: trailers } = error;
  return { code, details, reason: trailers.get('auth-error-code')[0] };
}

describe('a unary method', () => {
  it('answers with a good token, which is verified once, and its user is that of @CurrentUser', async () => {
    await expect(api.call('Me', issuer.grpcMetadata({ sub: 'ada' }))).resolves.toBe('ada');
    expect(validations).toBe(1);
  });

  it('is refused without a token, with the challenge in the trailers', async () => {
    const error = await api.call('Me').catch((one: ServiceError) => one);
    expect(error).toMatchObject({ code: 16, details: 'The request carries no bearer token' });
    const { metadata } = error as ServiceError;
    expect(metadata.get('auth-error-code')).toEqual(['missing_token']);
    expect(metadata.get('www-authenticate')).toEqual([`Bearer realm="${issuer.audience}"`]);
    expect(metadata.get('grpc-retry-pushback-ms')).toEqual([]);
    expect(OrdersService.calls).toBe(0);
  });

  it.each([
    ['expired', () => issuer.grpcMetadata({ exp: Math.floor(Date.now() / 1_000) - 60 })],
    ['wrong_audience', () => issuer.grpcMetadata({ aud: 'other' })],
    ['bad_signature', () => metadataOf(`Bearer ${issuer.token().slice(0, -8)}AAAAAAAA`)],
    // An unknown key and a bad signature read alike.
    ['bad_signature', () => metadataOf(`Bearer ${issuer.badTokens()['unknown kid']}`)],
    ['malformed_token', () => metadataOf('Bearer e30.e30.e30')],
    ['missing_token', () => metadataOf('Basic YTpi')],
    // 400 over HTTP; gRPC has one code for what cannot be authenticated.
    ['malformed_request', () => metadataOf('Bearer a b')],
    ['malformed_request', () => metadataOf(`Bearer ${issuer.token()}, Bearer ${issuer.token()}`)],
  ])('is refused with a token that is %s', async (reason, metadata) => {
    expect(await refusal('Me', metadata())).toMatchObject({ code: 16, reason });
    expect(OrdersService.calls).toBe(0);
    await expect(api.call('Me', issuer.grpcMetadata({ sub: 'ada' }))).resolves.toBe('ada');
  });

  it('is refused without the scopes that it needs, which the challenge names', async () => {
    const error = await api.call('Scoped', issuer.grpcMetadata()).catch((one: ServiceError) => one);
    expect(error).toMatchObject({ code: 7 });
    const { metadata } = error as ServiceError;
    expect(metadata.get('auth-error-code')).toEqual(['insufficient_scope']);
    expect(String(metadata.get('www-authenticate')[0])).toContain('scope="orders:read orders:list"');
    const scope = 'orders:list orders:read';
    await expect(api.call('Scoped', issuer.grpcMetadata({ scope }))).resolves.toBe('scoped');
  });

  it('is open where it is public, and without credentials where they are optional', async () => {
    await expect(api.call('Open', metadataOf('Bearer bad'))).resolves.toBe('open');
    await expect(api.call('Optional')).resolves.toBe('anonymous');
    await expect(api.call('Optional', issuer.grpcMetadata({ sub: 'ada' }))).resolves.toBe('ada');
    expect(await refusal('Optional', issuer.grpcMetadata({ aud: 'other' }))).toMatchObject({ code: 16 });
  });

  it('names the time of the next attempt while the issuer is away', async () => {
    await using other = await startTestIssuer();
    other.fault({ status: 500 }, { on: 'all' });
    await using down = await startGrpcApp({
      issuer: other.issuer,
      audience: other.audience,
      keys: { bootstrap: 'background' },
    });
    const error = await down.call('Me', other.grpcMetadata()).catch((one: ServiceError) => one);
    expect(error).toMatchObject({ code: 14 });
    const { metadata } = error as ServiceError;
    expect(metadata.get('auth-error-code')).toEqual(['keys_unavailable']);
    expect(metadata.get('www-authenticate')).toEqual([]);
    expect(Number(metadata.get('grpc-retry-pushback-ms')[0])).toBeGreaterThanOrEqual(1_000);
    await expect(down.call('Open')).resolves.toBe('open');
  });

  it('gets the exception of an application as it is', async () => {
    await using own = await startGrpcApp({
      ...options(),
      validate: ({ sub }) => sub === 'ada' && { sub },
    });
    await expect(own.call('Me', issuer.grpcMetadata({ sub: 'ada' }))).resolves.toBe('ada');
    await expect(own.call('Me', issuer.grpcMetadata({ sub: 'eve' }))).rejects.toMatchObject({
      code: 16,
      details: 'The access token belongs to no accepted user',
    });
  });
});

describe('streams', () => {
  it('of the server start with a good token alone', async () => {
    const refused = await statusOf(api.client.Ticks({ text: '' }, new Metadata()));
    expect(refused).toMatchObject({ code: 16 });
    expect(refused.metadata.get('auth-error-code')).toEqual(['missing_token']);
    expect(OrdersService.calls).toBe(0);
    const stream = api.client.Ticks({ text: '' }, issuer.grpcMetadata());
    await expect.poll(() => OrdersService.ticks.observed).toBe(true);
    OrdersService.ticks.next('tick');
    for await (const { text } of stream) {
      expect(text).toBe('tick');
      break;
    }
  });

  it('of both sides start with a good token alone, with @GrpcStreamMethod', async () => {
    expect(await statusOf(api.client.Chat(new Metadata()))).toMatchObject({ code: 16 });
    expect(OrdersService.calls).toBe(0);
    const stream = api.client.Chat(issuer.grpcMetadata());
    stream.write({ text: 'hello' });
    stream.end();
    const answers: string[] = [];
    for await (const { text } of stream) answers.push(text);
    expect(answers).toEqual(['re: hello']);
  });
});

it('a thousand refused calls leave the process as it was', async () => {
  const reasons = await Promise.all(
    Array.from({ length: 1_000 }, (_, i) =>
      i % 4 === 0
        ? statusOf(api.client.Chat(new Metadata())).then(({ code }) => code)
        : refusal('Me', i % 2 === 0 ? undefined : metadataOf('Bearer e30.e30.e30')).then(
            (error) => (error as { code: number }).code,
          ),
    ),
  );
  expect(new Set(reasons)).toEqual(new Set([16]));
  await expect(api.call('Me', issuer.grpcMetadata({ sub: 'ada' }))).resolves.toBe('ada');
});

describe('@GrpcStreamCall, where a guard that refuses ends the process', () => {
  @UseGuards(JwtAuthGuard)
  @Controller()
  class UnderClass {
    @GrpcStreamCall('Orders', 'Chat')
    chat(): void {}
  }

  @RequireScopes('orders:read')
  @Controller()
  class Requiring {
    @GrpcStreamCall('Orders', 'Chat')
    chat(): void {}
  }

  @Controller()
  class Bare {
    @GrpcStreamCall('Orders', 'Chat')
    chat(): void {}
  }

  @Controller()
  class Opened {
    @Public()
    @GrpcStreamCall('Orders', 'Chat')
    chat(call: { end(): void; on(event: string, listener: () => void): void }): void {
      call.on('data', () => call.end());
    }

    @UseGuards(JwtAuthGuard)
    @GrpcMethod('Orders', 'Me')
    me(): object {
      return { text: 'me' };
    }
  }

  it.each<[string, Type, { guardEveryRoute?: boolean; providers?: Provider[] }]>([
    ['under a class with the guard', UnderClass, {}],
    ['under a class with a requirement', Requiring, {}],
    ['under guardEveryRoute', Bare, { guardEveryRoute: true }],
    [
      'under a global guard of the application',
      Bare,
      { providers: [{ provide: APP_GUARD, useExisting: JwtAuthGuard }] },
    ],
  ])('ends the start %s', async (_, controller, { guardEveryRoute = false, providers = [] }) => {
    await expect(
      startGrpcApp({ ...options(), guardEveryRoute }, { controllers: [controller], providers }),
    ).rejects.toThrow(
      `${controller.name}.chat is a @GrpcStreamCall, which no guard can refuse: use @GrpcStreamMethod`,
    );
  });

  it('may be public, or stand where nothing is guarded', async () => {
    await using bare = await startGrpcApp(options(), { controllers: [Bare] });
    expect(bare.app).toBeDefined();
    await using opened = await startGrpcApp(
      { ...options(), guardEveryRoute: true },
      { controllers: [Opened] },
    );
    const stream = opened.client.Chat(new Metadata());
    stream.write({ text: 'hello' });
    expect(await statusOf(stream)).toMatchObject({ code: 0 });
    await expect(opened.call('Me')).rejects.toMatchObject({ code: 16 });
  });
});
