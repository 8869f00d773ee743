import { Metadata } from '@grpc/grpc-js';
import { captureSpans, startTestIssuer, type CapturedSpans } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startGraphQLApp } from '../../support/graphql-app.js';
import { startGrpcApp, statusOf } from '../../support/grpc-app.js';

let spans: CapturedSpans;
beforeAll(async () => {
  spans = await captureSpans();
});
beforeEach(() => spans.clear());
afterAll(() => spans.stop());

/** What the spans of authentication say, in the order of their ends. */
const authentications = () =>
  spans
    .named('jwt.authenticate')
    .map(({ attributes }) => [attributes['jwt.transport'], attributes['jwt.result']]);

it('a call of gRPC has one span of authentication, which names the transport', async () => {
  await using issuer = await startTestIssuer();
  await using api = await startGrpcApp({ issuer: issuer.issuer, audience: issuer.audience });
  await api.call('Me', issuer.grpcMetadata());
  await api.call('Me').catch(() => {});
  await statusOf(api.client.Chat(new Metadata()));
  await api.call('Open');
  expect(authentications()).toEqual([
    ['rpc', 'accepted'],
    ['rpc', 'rejected'],
    ['rpc', 'rejected'],
  ]);
});

it('a request of GraphQL has one for all its root fields', async () => {
  await using issuer = await startTestIssuer();
  await using api = await startGraphQLApp('Apollo on Express', {
    issuer: issuer.issuer,
    audience: issuer.audience,
  });
  await api.run('{ a: me b: me c: me }', issuer.token());
  expect(authentications()).toEqual([['graphql', 'accepted']]);
});
