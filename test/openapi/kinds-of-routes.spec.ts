import { describe, expect, test } from 'vitest';
import { APP_GUARD } from '@nestjs/core';
import { Controller, Get, Module } from '@nestjs/common';
import {
  AUTH_ERROR_CODES,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireAnyScope,
  RequireAudience,
  RequireAuthentication,
  RequireClaims,
  RequireScopes,
  RequireUser,
} from 'nestjs-jwks-auth';
import { ADAPTERS } from '../support/guarded-app.js';
import { describeApp, ISSUER, MethodsController, OPTIONS, problemsWith } from './documented-app.js';

const SCHEME = 'openIdConnect';
const any = [{ [SCHEME]: [] }];

describe.each(ADAPTERS)('describeSecurity on %s', (adapter) => {
  test.each([
    ['get /methods/open', undefined],
    ['get /methods/guarded', any],
    ['get /methods/public', []],
    ['get /methods/optional', [{}, { [SCHEME]: [] }]],
    ['get /methods/scoped/{id}', [{ [SCHEME]: ['read:orders', 'list:orders'] }]],
    ['delete /methods/scoped/{id}', any],
    ['get /classes/inherited', [{ [SCHEME]: ['read:stock'] }]],
    ['post /classes/added', [{ [SCHEME]: ['read:stock', 'write:stock'] }]],
    ['get /opened/inherited', []],
    ['get /opened/closed', [{ [SCHEME]: ['write:stock'] }]],
    ['get /guarded/inherited', any],
    ['get /guarded/public', []],
    ['get /guarded/optional', [{}, { [SCHEME]: [] }]],
  ])('%s has the security %j', async (key, security) => {
    const described = await describeApp({ adapter });
    expect(described.security(key)).toEqual(security);
  });

  test('guardEveryRoute closes what nothing else closes', async () => {
    const described = await describeApp({ adapter, auth: { ...OPTIONS, guardEveryRoute: true } });
    expect(described.security('get /methods/open')).toEqual(any);
    expect(described.security('get /methods/public')).toEqual([]);
    expect(described.security('get /opened/inherited')).toEqual([]);
  });

  test.each(['3.0.0', '3.1.0'])('the document is valid in OpenAPI %s', async (openapi) => {
    const { document } = await describeApp({ adapter, openapi });
    expect(document.openapi).toBe(openapi);
    expect(await problemsWith(document)).toBeUndefined();
    document.components = { securitySchemes: { broken: { type: 'none' as 'http' } } };
    expect(await problemsWith(document)).toBeDefined();
  });
});

test('a global guard of the application closes every route, by APP_GUARD and by useGlobalGuards', async () => {
  @Module({ providers: [{ provide: APP_GUARD, useClass: JwtAuthGuard }] })
  class GlobalGuardModule {}
  const byToken = await describeApp({ imports: [GlobalGuardModule] });
  const byCall = await describeApp({ prepare: (app) => app.useGlobalGuards(app.get(JwtAuthGuard)) });
  for (const described of [byToken, byCall]) {
    expect(described.security('get /methods/open')).toEqual(any);
    expect(described.security('get /methods/public')).toEqual([]);
  }
});

test('an application in preview mode, which has no providers, is described as it will run', async () => {
  const { security, schemes } = await describeApp({
    auth: { ...OPTIONS, guardEveryRoute: true },
    nest: { preview: true },
    describe: { scheme: 'bearer' },
  }).then((described) => ({
    security: described.security('get /methods/open'),
    schemes: described.schemes,
  }));
  expect(security).toEqual([{ bearer: [] }]);
  expect(schemes).toEqual({ bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } });
});

test('roles and permissions are members of their own, and sentences after the description', async () => {
  const described = await describeApp();
  const remove = described.operation('delete /methods/scoped/{id}');
  expect(remove['x-required-roles']).toEqual(['admin', 'support']);
  expect(remove['x-required-permissions']).toEqual(['orders.delete']);
  expect(remove.description).toBe(
    'Requires the permission `orders.delete`. Requires one of the roles `admin`, `support`.',
  );
  const added = described.operation('post /classes/added');
  expect(added['x-required-roles']).toEqual([['clerk'], ['admin', 'support']]);
  expect(added.description).toBe('Requires the role `clerk`, and one of the roles `admin`, `support`.');
  const guarded = described.operation('get /methods/guarded');
  expect(Object.keys(guarded).filter((name) => name.startsWith('x-'))).toEqual([]);
  expect(guarded.description).toBeUndefined();
});

test('refusals are described where they can happen, with the schema of their body and their headers', async () => {
  const described = await describeApp();
  const statuses = (key: string) => Object.keys(described.operation(key).responses).toSorted();
  expect(statuses('get /methods/open')).toEqual(['200']);
  expect(statuses('get /methods/public')).toEqual(['200']);
  expect(statuses('get /methods/guarded')).toEqual(['200', '401', '503']);
  expect(statuses('get /methods/optional')).toEqual(['200', '401', '503']);
  expect(statuses('get /methods/scoped/{id}')).toEqual(['200', '401', '403', '503']);
  const { responses } = described.operation('get /methods/scoped/{id}');
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/AuthProblem' } } };
  expect(responses['401']).toMatchObject({ content, headers: { 'WWW-Authenticate': {} } });
  expect(responses['403']).toMatchObject({ content, headers: { 'WWW-Authenticate': {} } });
  expect(responses['503']).toMatchObject({ content, headers: { 'Retry-After': {} } });
  expect(described.operation('delete /methods/scoped/{id}').responses['403']?.headers).toBeUndefined();
  expect(described.document.components?.schemas?.['AuthProblem']).toMatchObject({
    properties: { code: { enum: AUTH_ERROR_CODES } },
  });
});

test('without responses, neither they nor their schema are added', async () => {
  const described = await describeApp({ describe: { responses: false } });
  expect(Object.keys(described.operation('get /methods/scoped/{id}').responses)).toEqual(['200']);
  expect(described.document.components?.schemas).toEqual({});
  expect(described.security('get /methods/guarded')).toEqual(any);
});

test('a subclass has the requirements of its own class on inherited routes', async () => {
  abstract class Crud {
    @Get()
    list(): void {}
  }
  @Controller('cats')
  class CatsController extends Crud {}
  @Public()
  @Controller('dogs')
  class DogsController extends Crud {}
  const described = await describeApp({
    controllers: [CatsController, DogsController],
    auth: { ...OPTIONS, guardEveryRoute: true },
  });
  expect(described.security('get /cats')).toEqual(any);
  expect(described.security('get /dogs')).toEqual([]);
});

test('the scheme names the discovery document of the issuer', async () => {
  const { schemes } = await describeApp({ controllers: [MethodsController] });
  expect(schemes).toEqual({
    [SCHEME]: { type: 'openIdConnect', openIdConnectUrl: `${ISSUER}.well-known/openid-configuration` },
  });
});

test('requirements of scopes are alternatives, those of tokens are sentences, and 403 is where a good token may lack something', async () => {
  @Controller('more')
  class MoreController {
    @RequireAnyScope('read', 'admin')
    @RequireScopes('orders')
    @Get('any')
    any(): void {}

    @RequireClaims({ email_verified: true, tid: 'a' })
    @Get('claims')
    claims(): void {}

    @RequireUser()
    @RequireAuthentication({ acr: ['gold', 'silver'], maxAgeMs: 300_000 })
    @Get('step-up')
    stepUp(): void {}

    @OptionalAuth()
    @RequireAudience('https://other.example.com')
    @Get('audience')
    audience(): void {}
  }
  const auth = { ...OPTIONS, furtherAudiences: ['https://other.example.com'] };
  const [open, bearer] = await Promise.all([
    describeApp({ auth, controllers: [MoreController] }),
    describeApp({ auth, controllers: [MoreController], describe: { scheme: 'bearer' } }),
  ]);
  const statuses = (key: string) => Object.keys(open.operation(key).responses);
  expect(open.security('get /more/any')).toEqual([
    { [SCHEME]: ['orders', 'read'] },
    { [SCHEME]: ['orders', 'admin'] },
  ]);
  expect(bearer.operation('get /more/any')).toMatchObject({
    security: [{ bearer: [] }],
    'x-required-scopes': ['orders', ['read', 'admin']],
    description: 'Requires the scope `orders`, and one of the scopes `read`, `admin`.',
  });
  expect(open.operation('get /more/step-up').description).toBe(
    'Requires a token of a user, and one of the authentication contexts `gold`, `silver`, and an authentication of the last 300 seconds.',
  );
  expect(open.operation('get /more/claims').description).toBe(
    'Requires certain values of the claims `email_verified`, `tid`.',
  );
  expect(statuses('get /more/step-up')).toEqual(['200', '401', '403', '503']);
  expect(open.operation('get /more/audience').description).toBe(
    'Requires the audience `https://other.example.com`.',
  );
  expect(open.security('get /more/audience')).toEqual([{}, { [SCHEME]: [] }]);
  expect(statuses('get /more/audience')).toEqual(['200', '401', '503']);
  expect(await problemsWith(open.document)).toBeUndefined();
});
