import { METRICS } from 'nestjs-jwks-auth';
import { captureMetrics, startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { startGuardedApp } from '../../support/guarded-app.js';

const FLOOD = 20_000;

/** What Fastify has for requests without a socket. */
interface Injectable {
  inject(request: { url: string; headers: Record<string, string> }): Promise<{ statusCode: number }>;
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A new token, made up in one of six ways. */
function madeUp(issuer: TestIssuer, i: number): string {
  const id = randomUUID();
  const changes = [
    { header: { kid: id } },
    { payload: { iss: `https://${id}.example.com/` } },
    { header: { alg: id } },
    { header: { typ: id } },
    { payload: { aud: id, sub: id, jti: id } },
    { payload: { exp: i } },
  ][i % 6];
  const header = { alg: 'RS256', typ: 'at+jwt', kid: issuer.keys[0]?.kid, ...changes?.header };
  const payload = { ...issuer.claims(), ...changes?.payload };
  return `${encode(header)}.${encode(payload)}.${encode({ id })}`;
}

it(`a flood of ${FLOOD} made-up key ids, issuers and tokens adds no time series`, async () => {
  using metrics = await captureMetrics();
  await using issuer = await startTestIssuer();
  // An interval longer than the test, so that the effect of the flood does not depend on how long it takes.
  const keys = { jwksRequestsPerMinute: 0.1 };
  const { issuer: name, audience } = issuer;
  await using api = await startGuardedApp({ issuer: name, audience, keys }, { adapter: 'fastify' });
  const server = api.app.getHttpAdapter().getInstance() as Injectable;
  const get = (token: string) => server.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } });
  expect((await get(issuer.token())).statusCode).toBe(200);
  for (let i = 0; i < FLOOD; i += 1) await get(i % 7 === 6 ? randomUUID() : madeUp(issuer, i));

  const rejected = (reason: string) => ({
    'jwt.transport': 'http',
    'jwt.result': 'rejected',
    'jwt.rejection.reason': reason,
  });
  const perIssuer = { 'jwks.issuer': name };
  const fetched = (trigger: string, outcome: string, status: number) => ({
    ...perIssuer,
    'jwks.fetch.trigger': trigger,
    'jwks.fetch.outcome': outcome,
    'http.response.status_code': status,
  });
  const collected = Object.fromEntries(
    (await metrics.collect()).map((metric) => [
      metric.name,
      metric.series.map(({ attributes }) => attributes),
    ]),
  );
  expect(collected).toEqual({
    [METRICS.authenticateDuration]: [
      { 'jwt.transport': 'http', 'jwt.result': 'accepted' },
      rejected('unknown_key'),
      rejected('unknown_issuer'),
      rejected('unsupported_algorithm'),
      rejected('wrong_type'),
      rejected('wrong_audience'),
      rejected('expired'),
      rejected('malformed_token'),
    ],
    [METRICS.keyLookups]: ['hit', 'miss', 'refused'].map((result) => ({
      ...perIssuer,
      'jwks.cache.result': result,
    })),
    [METRICS.fetchDuration]: [
      fetched('bootstrap', 'replaced', 200),
      fetched('unknown_kid', 'confirmed', 304),
    ],
    [METRICS.keySetAge]: [perIssuer],
    [METRICS.keySetMaxAge]: [perIssuer],
    [METRICS.keySetKeys]: [perIssuer],
    [METRICS.keySetTimeToExpiry]: [perIssuer],
    [METRICS.tokenCacheEntries]: [{}],
    [METRICS.revocationEntries]: [{}],
  });
  expect(await metrics.series(METRICS.tokenCacheEntries)).toMatchObject([{ value: 1 }]);
}, 120_000);
