import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ApiBearerAuth,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  DocumentBuilder,
  SwaggerModule,
} from '@nestjs/swagger';
import { AuthModule, Public, RequireRoles, RequireScopes } from 'nestjs-jwks-auth';
import { describeSecurity, type DescribeSecurityOptions } from 'nestjs-jwks-auth/openapi';
import { describe, expect, test } from 'vitest';
import { describeApp, MethodsController, OPTIONS, problemsWith } from './documented-app.js';

@ApiBearerAuth()
@Controller('own')
class OwnWordsController {
  @RequireScopes('read')
  @Get('class')
  byClass(): void {}

  @ApiSecurity('key', [])
  @RequireScopes('read')
  @Get('method')
  byMethod(): void {}

  @Public()
  @Get('public')
  public(): void {}

  @Public()
  @ApiSecurity('key', [])
  @Get('partners')
  partners(): void {}

  @ApiOperation({ description: 'Finds one.' })
  @ApiResponse({ status: 401, description: 'Log in first.' })
  @RequireRoles('admin')
  @Get('answers')
  answers(): void {}
}

const controllers = [OwnWordsController, MethodsController];

describe('what the application says itself', () => {
  test('@ApiSecurity stays, but for that of a class on a method that is @Public', async () => {
    const described = await describeApp({ controllers });
    expect(described.security('get /own/class')).toEqual([{ bearer: [] }]);
    expect(described.security('get /own/method')).toEqual([{ bearer: [] }, { key: [] }]);
    expect(described.security('get /own/public')).toEqual([]);
    expect(described.security('get /own/partners')).toEqual([{ bearer: [] }, { key: [] }]);
    expect(described.security('get /methods/scoped/{id}')).toEqual([
      { openIdConnect: ['read:orders', 'list:orders'] },
    ]);
  });

  test('scopes that its security does not list are sentences, and members', async () => {
    const described = await describeApp({ controllers });
    expect(described.operation('get /own/class')).toMatchObject({
      'x-required-scopes': ['read'],
      description: 'Requires the scope `read`.',
    });
    expect(described.operation('get /methods/scoped/{id}').description).toBeUndefined();
  });

  test('responses stay, and a description is added to', async () => {
    const described = await describeApp({ controllers });
    const { description, responses } = described.operation('get /own/answers');
    expect(responses['401']?.description).toBe('Log in first.');
    expect(responses['401']?.content).toBeUndefined();
    expect(Object.keys(responses).toSorted()).toEqual(['401', '403', '503']);
    expect(description).toBe('Finds one.\n\nRequires the role `admin`.');
  });

  test('a second call changes nothing', async () => {
    const once = await describeApp({ controllers });
    const before = structuredClone(once.document);
    @Module({ imports: [AuthModule.forRoot(OPTIONS)], controllers })
    class TwiceModule {}
    const app = await NestFactory.create(TwiceModule, { logger: false });
    expect(describeSecurity(app, once.document)).toBe(once.document);
    expect(once.document).toEqual(before);
    await app.close();
  });
});

describe('the security scheme', () => {
  const of = (options: Parameters<typeof describeApp>[0]) =>
    describeApp({ controllers: [MethodsController], ...options });
  const scoped = 'get /methods/scoped/{id}';

  test('of bearer tokens lists scopes in OpenAPI 3.1, and has them in the operation in 3.0', async () => {
    const bearer = { scheme: 'bearer' } as const;
    const [old, young] = [await of({ describe: bearer }), await of({ describe: bearer, openapi: '3.1.0' })];
    expect(old.security(scoped)).toEqual([{ bearer: [] }]);
    expect(old.operation(scoped)['x-required-scopes']).toEqual(['read:orders', 'list:orders']);
    expect(old.operation(scoped).description).toBe('Requires the scopes `read:orders`, `list:orders`.');
    expect(young.security(scoped)).toEqual([{ bearer: ['read:orders', 'list:orders'] }]);
    expect(young.operation(scoped).description).toBeUndefined();
    expect(await problemsWith(old.document)).toBeUndefined();
    expect(await problemsWith(young.document)).toBeUndefined();
  });

  test('of DocumentBuilder is used under its name', async () => {
    const described = await of({
      builder: (builder) =>
        builder.addApiKey({ type: 'apiKey' }, 'key').addBearerAuth({ type: 'http' }, 'token'),
      describe: { scheme: 'bearer' },
    });
    expect(described.security(scoped)).toEqual([{ token: [] }]);
    expect(Object.keys(described.schemes as object)).toEqual(['key', 'token']);
  });

  test('has the name that is given', async () => {
    const described = await of({ describe: { name: 'customers' } });
    expect(described.security(scoped)).toEqual([{ customers: ['read:orders', 'list:orders'] }]);
  });

  test('of OAuth 2 takes flows, or is that of DocumentBuilder', async () => {
    const flows = {
      clientCredentials: { tokenUrl: 'https://tenant.example.com/token', scopes: { 'read:orders': 'Reads' } },
    };
    const given = await of({ describe: { scheme: 'oauth2', flows } });
    const built = await of({
      builder: (builder) => builder.addOAuth2({ type: 'oauth2', flows }, 'login'),
      describe: { scheme: 'oauth2' },
    });
    expect(given.security(scoped)).toEqual([{ oauth2: ['read:orders', 'list:orders'] }]);
    expect(given.schemes).toEqual({ oauth2: { type: 'oauth2', flows } });
    expect(built.security(scoped)).toEqual([{ login: ['read:orders', 'list:orders'] }]);
    expect(await problemsWith(given.document)).toBeUndefined();
  });

  test.each([
    [
      'several issuers',
      { issuers: [{ issuer: 'https://a.example.com' }, { issuer: 'https://b.example.com' }] },
    ],
    ['dynamic issuers', { issuers: { allow: () => true, resolve: (issuer: string) => ({ issuer }) } }],
    ['keys without discovery', { issuer: 'urn:issuer', jwksUri: 'https://a.example.com/jwks' }],
  ])('is that of bearer tokens for %s', async (_what, issuers) => {
    const described = await of({ auth: { audience: 'api', ...issuers } });
    expect(described.security('get /methods/guarded')).toEqual([{ bearer: [] }]);
    await expect(
      of({ auth: { audience: 'api', ...issuers }, describe: { scheme: 'openIdConnect' } }),
    ).rejects.toThrow(/option "scheme" is 'openIdConnect', which needs one issuer that is a URL/);
  });

  test.each<[DescribeSecurityOptions, RegExp]>([
    [{ scheme: 'basic' as 'bearer' }, /option "scheme" must be one of "openIdConnect", "bearer", "oauth2"/],
    [{ scheme: 'oauth2' }, /option "scheme" is 'oauth2', which needs flows/],
    [{ name: '' }, /option "name" must be a non-empty string/],
    [{ responses: 1 as unknown as boolean }, /option "responses" must be one of true, false/],
    [{ schema: 'x' } as DescribeSecurityOptions, /option "schema" is unknown/],
  ])('%j is refused', async (wrong, message) => {
    await expect(of({ describe: wrong })).rejects.toThrow(message);
  });

  test('the name of another kind of scheme is refused', async () => {
    const taken = of({
      builder: (builder) => builder.addBearerAuth({ type: 'http' }, 'login'),
      describe: { scheme: 'openIdConnect', name: 'login' },
    });
    await expect(taken).rejects.toThrow(/option "name" is that of another security scheme/);
  });
});

test('an application without AuthModule is refused by name', async () => {
  @Module({})
  class EmptyModule {}
  const app = await NestFactory.create(EmptyModule, { logger: false });
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  expect(() => describeSecurity(app, document)).toThrow(/needs an application with AuthModule/);
  await app.close();
});
