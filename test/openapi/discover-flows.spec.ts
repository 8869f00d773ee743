import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthModule, type AuthOptions } from 'nestjs-jwks-auth';
import { discoverFlows } from 'nestjs-jwks-auth/openapi';
import { expect, onTestFinished, test } from 'vitest';
import { HttpServer } from '../support/http-server.js';
import { describeApp, MethodsController, problemsWith } from './documented-app.js';

/** An application that is created, and not started: nothing has been fetched. */
async function createApp(auth: AuthOptions): Promise<INestApplicationContext> {
  @Module({ imports: [AuthModule.forRoot(auth)] })
  class FlowsModule {}
  const app = await NestFactory.create(FlowsModule, { logger: false, abortOnError: false });
  onTestFinished(() => app.close());
  return app;
}

/** An issuer with this metadata; it may name another one. */
async function issuerWith(metadata: object): Promise<AuthOptions> {
  const server = await HttpServer.start((_request, response) => {
    const issuer = server.url;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}jwks`, ...metadata }));
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { issuer: server.url, audience: 'api' };
}

const ENDPOINTS = {
  authorization_endpoint: 'https://login.example.com/authorize',
  token_endpoint: 'https://login.example.com/token',
};
const SCOPES = { 'read:orders': '', openid: '' };
const authorizationCode = {
  authorizationUrl: ENDPOINTS.authorization_endpoint,
  tokenUrl: ENDPOINTS.token_endpoint,
};
const clientCredentials = { tokenUrl: ENDPOINTS.token_endpoint };

test.each([
  [
    'both flows and the scopes that it names',
    {
      ...ENDPOINTS,
      grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
      scopes_supported: Object.keys(SCOPES),
    },
    {
      authorizationCode: { ...authorizationCode, scopes: SCOPES },
      clientCredentials: { ...clientCredentials, scopes: SCOPES },
    },
  ],
  [
    'the code flow where it names no grant types',
    ENDPOINTS,
    { authorizationCode: { ...authorizationCode, scopes: {} } },
  ],
  [
    'the flow for clients alone',
    { token_endpoint: ENDPOINTS.token_endpoint, grant_types_supported: ['client_credentials'] },
    { clientCredentials: { ...clientCredentials, scopes: {} } },
  ],
])('the metadata of an issuer gives %s', async (_what, metadata, expected) => {
  const app = await createApp(await issuerWith(metadata));
  const flows = await discoverFlows(app);
  expect(flows).toEqual(expected);
  const described = await describeApp({
    controllers: [MethodsController],
    describe: { scheme: 'oauth2', flows },
  });
  expect(described.schemes).toEqual({ oauth2: { type: 'oauth2', flows } });
  expect(await problemsWith(described.document)).toBeUndefined();
});

test.each([
  ['of another issuer', { ...ENDPOINTS, issuer: 'https://other.example.com' }, /names another issuer/],
  ['without a token endpoint', {}, /names no flow with a token endpoint/],
  ['with endpoints that are no URLs', { ...ENDPOINTS, token_endpoint: 'token' }, /names no flow/],
])('metadata %s is refused', async (_what, metadata, message) => {
  const app = await createApp(await issuerWith(metadata));
  await expect(discoverFlows(app)).rejects.toThrow(message);
});

test('an issuer that is away for the whole time limit is an error', async () => {
  const server = await HttpServer.start(() => {});
  onTestFinished(() => server[Symbol.asyncDispose]());
  const app = await createApp({ issuer: server.url, audience: 'api', keys: { timeoutMs: 50 } });
  await expect(discoverFlows(app)).rejects.toThrow(/did not respond in time/);
});

test('several issuers are refused', async () => {
  const issuers = [{ issuer: 'https://a.example.com' }, { issuer: 'https://b.example.com' }];
  const app = await createApp({ issuers, audience: 'api' });
  await expect(discoverFlows(app)).rejects.toThrow(/discoverFlows needs one issuer that is a URL/);
});
