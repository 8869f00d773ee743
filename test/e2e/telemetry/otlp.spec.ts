import { ATTRIBUTES, METRICS, SCOPE_NAME, SPANS } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRIC_OPTIONS } from '../../../src/telemetry/instruments.js';
import { LIBRARY_VERSION } from '../../../src/common/version.js';
import { VALUES } from '../../../src/telemetry/names.js';
import { NodeProcess, responds } from '../../support/child-process.js';
import { freePort } from '../../support/free-port.js';
import { OtlpCollector, type OtlpSpan } from '../../support/otlp-collector.js';
import { violations } from '../../support/telemetry-schema.js';

/** The orders application as an ES module, and the same started by CommonJS. */
const ESM = ['dist/apps/orders/main.js'];
const COMMONJS = [
  '--input-type=commonjs',
  '--eval',
  `require('reflect-metadata');
   const { NestFactory } = require('@nestjs/core');
   const { AppModule } = require('./dist/apps/orders/app.module.js');
   NestFactory.create(AppModule).then((app) => {
     app.enableShutdownHooks();
     return app.listen(process.env.PORT, '127.0.0.1');
   });`,
];
const UNSET = 0;
const ERROR = 2;
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];

describe.each([
  { protocol: undefined, mediaType: 'application/x-protobuf', system: 'an ES module', script: ESM },
  { protocol: 'http/json', mediaType: 'application/json', system: 'CommonJS', script: COMMONJS },
])('what $system exports by OTLP as $mediaType', ({ protocol, mediaType, script }) => {
  let issuer: TestIssuer;
  let collector: OtlpCollector;
  let statuses: number[];
  beforeAll(async () => {
    issuer = await startTestIssuer();
    issuer.fault({ status: 500 }, { on: 'all', times: 1 });
    collector = await OtlpCollector.start();
    const port = await freePort();
    await using app = new NodeProcess(['--import', 'nestjs-jwks-auth/tracing', ...script], {
      PORT: String(port),
      ISSUER: issuer.issuer,
      AUDIENCE: issuer.audience,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_SERVICE_NAME: 'orders',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      ...(protocol !== undefined && { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }),
    });
    const get = async (path: string, token?: string) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      await response.arrayBuffer();
      return response.status;
    };
    await app.ready(responds(`http://127.0.0.1:${port}/health`));
    await issuer.rotate();
    const token = issuer.token();
    statuses = [];
    for (const sent of [token, token, issuer.token({ aud: 'other' })])
      statuses.push(await get('/orders/me', sent));
    app.kill('SIGTERM');
    await app.ended;
  });
  afterAll(async () => {
    collector.stop();
    await issuer.close();
  });

  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  const authenticated = (attribute: string, value: unknown) =>
    named(SPANS.authenticate).find(({ attributes }) => attributes[attribute] === value);
  const below = (parent: OtlpSpan | undefined, name: string) =>
    named(name).find(({ parentSpanId }) => parentSpanId === parent?.spanId);

  it('arrives in that media type, with the resource of the process and the scope of the library', () => {
    expect([...collector.mediaTypes]).toEqual([mediaType]);
    for (const { resource } of [...collector.spans, ...collector.metrics]) {
      expect(resource).toMatchObject({ 'service.name': 'orders', 'deployment.environment.name': 'test' });
    }
    const scopes = Object.values(SPANS).flatMap((name) => named(name).map(({ scope }) => scope));
    expect(new Set(scopes.map((scope) => JSON.stringify(scope)))).toEqual(
      new Set([JSON.stringify({ name: SCOPE_NAME, version: LIBRARY_VERSION })]),
    );
  });

  it('has the spans of a rotation below those of the HTTP server, and the HTTP client below the fetch', () => {
    const request = named(SPANS.authenticate).find((span) => below(span, SPANS.getKey) !== undefined);
    const server = collector.spans.find(
      ({ kind, traceId }) => kind === SERVER && traceId === request?.traceId,
    );
    expect(server?.attributes).toMatchObject({
      'http.route': '/orders/me',
      'http.response.status_code': 200,
    });
    const getKey = below(request, SPANS.getKey);
    const fetched = below(getKey, SPANS.fetch);
    const client = below(fetched, 'GET');
    expect(getKey?.attributes).toMatchObject({
      'jwks.issuer': issuer.issuer,
      'jwks.cache.result': 'miss',
      'jwks.cache.age': expect.any(Number) as number,
    });
    expect(fetched?.attributes).toMatchObject({
      'jwks.fetch.trigger': 'unknown_kid',
      'jwks.fetch.outcome': 'replaced',
      'jwks.key.count': 2,
      'http.response.status_code': 200,
    });
    expect(client).toMatchObject({ kind: CLIENT, attributes: { 'url.full': issuer.jwksUri } });
    expect(below(request, SPANS.verify)).toMatchObject({
      kind: INTERNAL,
      attributes: { 'jwt.alg': 'RS256' },
    });
  });

  it('tells the requests of a fetch apart: discovery and keys', () => {
    const requests = collector.spans
      .filter(({ kind }) => kind === CLIENT)
      .map(({ attributes }) => [attributes[ATTRIBUTES.request], attributes['url.full']]);
    expect(new Set(requests.map(([kind]) => kind))).toEqual(new Set(VALUES.request));
    for (const [kind, url] of requests) expect(kind).toBe(url === issuer.jwksUri ? 'keys' : 'discovery');
  });

  it('has the attributes of the schema on each span of ours, and no others', () => {
    expect(collector.spans.flatMap(violations)).toEqual([]);
  });

  it('has a status for failures alone', () => {
    expect(statuses).toEqual([200, 200, 401]);
    expect(authenticated('jwt.token_cache.hit', true)).toMatchObject({ status: UNSET });
    const refused = authenticated('jwt.rejection.reason', 'wrong_audience');
    expect(refused).toMatchObject({ status: UNSET, attributes: { 'jwt.result': 'rejected' } });
    expect(named(SPANS.fetch)[0]).toMatchObject({
      status: ERROR,
      parentSpanId: undefined,
      attributes: {
        'jwks.fetch.trigger': 'bootstrap',
        'jwks.fetch.outcome': 'rejected',
        'error.type': 'http_status',
        'http.response.status_code': 500,
      },
    });
  });

  it('has every metric, with its unit, its description and its buckets', () => {
    const ours = collector.metrics.filter(({ scope }) => scope.name === SCOPE_NAME);
    expect([...new Set(ours.map(({ name }) => name))].toSorted()).toEqual(Object.values(METRICS).toSorted());
    for (const { name, unit, description, points, scope } of ours) {
      const { advice, ...options } = METRIC_OPTIONS[name as keyof typeof METRIC_OPTIONS];
      expect([name, { unit, description }]).toEqual([name, options]);
      expect(scope.version).toBe(LIBRARY_VERSION);
      for (const { bounds } of points) expect(bounds).toEqual(advice?.explicitBucketBoundaries ?? []);
    }
  });

  it('has no spans of the exports themselves, of sockets and of name look-ups', () => {
    const scopes = new Set(collector.spans.map(({ scope }) => scope.name?.replace('@opentelemetry/', '')));
    expect([...scopes].toSorted()).toEqual(['instrumentation-express', 'instrumentation-http', SCOPE_NAME]);
    const urls = collector.spans.map(({ attributes }) => attributes['url.full']);
    expect(urls).not.toContainEqual(expect.stringContaining(collector.endpoint));
  });
});
