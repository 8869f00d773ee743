import { Controller, Get, Post } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AuthModule,
  KeyRings,
  McpEndpoint,
  RequireAuthentication,
  RequirePolicy,
  type AccessPolicy,
  type AuthOptions,
  type KeyOptions,
  type PolicySubject,
} from 'nestjs-jwks-auth';
import { captureSpans, startTestIssuer, type CapturedSpans, type SpanNode } from 'nestjs-jwks-auth/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveKeyOptions } from '../../../src/keys/key.options.js';
import { tableRows } from '../../docs/markdown.js';
import { SampleController } from '../../support/guarded-app.js';
import { ManualClock } from '../../support/manual-clock.js';
import { violations } from '../../support/telemetry-schema.js';

const MAX_AGE_MS = 10_000;
/** Past `maxAge`, and too soon for a request to miss the timer of the refresh. */
const JUST_OVER_MS = 11_000;

class AdaPolicy implements AccessPolicy {
  allows({ claims }: PolicySubject): boolean {
    return claims.sub === 'ada';
  }
}

@Controller()
class RequiringController {
  @RequireAuthentication({ acr: 'phr' })
  @Get('strong')
  strong(): string {
    return 'strong';
  }

  @RequirePolicy(AdaPolicy)
  @Get('ada')
  ada(): string {
    return 'ada';
  }
}

@McpEndpoint({ toolScopes: { scoped: ['tools:call'] } })
@Controller('mcp')
class McpController {
  @Post()
  post(): string {
    return 'called';
  }
}

let spans: CapturedSpans;
let issuer: Awaited<ReturnType<typeof startTestIssuer>>;
let stop: () => Promise<void>;
beforeEach(async () => {
  spans = await captureSpans();
  issuer = await startTestIssuer();
});
afterEach(async () => {
  const broken = spans.spans.flatMap(violations);
  spans.stop();
  await stop();
  await issuer.close();
  if (broken.length > 0) throw new Error(`against the schema: ${broken.join('; ')}`);
});

async function start(keys: KeyOptions = {}, more: Partial<AuthOptions> = {}) {
  const options = { issuer: issuer.issuer, audience: issuer.audience, ...more };
  const clock = new ManualClock();
  const resolved = resolveKeyOptions({ bootstrap: 'background', maxAgeMs: MAX_AGE_MS, ...keys });
  const rings = new KeyRings([options], resolved, () => {}, { clock, random: () => 0.5 });
  const imports = [AuthModule.forRoot(options)];
  const controllers = [SampleController, RequiringController];
  const module = await Test.createTestingModule({
    imports,
    controllers: more.resource === undefined ? controllers : [...controllers, McpController],
    providers: [AdaPolicy],
  })
    .overrideProvider(KeyRings)
    .useValue(rings)
    .compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  stop = () => app.close();
  const url = await app.getUrl();
  const [ring] = rings;
  await vi.waitFor(() => expect([ring?.isUsable, ring?.status.lastError]).not.toEqual([false, undefined]));
  const get = async (token: string, path = '/me') => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
  };
  const call = async (token: string, tool: string) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool } });
    await (await fetch(`${url}/mcp`, { method: 'POST', headers, body })).arrayBuffer();
  };
  return { clock, get, call };
}

const traces = () => spans.tree().filter(({ name }) => name === 'jwt.authenticate');
const lastTrace = () => traces().at(-1) as SpanNode;
const below = (node: SpanNode | undefined, name: string) =>
  node?.children.find((child) => child.name === name);
const tookMs = ({ startMs, endMs }: SpanNode) => endMs - startMs;

/** What `jwt.rejection.requirement` says. */
const REQUIRED: Readonly<Record<string, string>> = {
  authentication: 'step-up',
  tenant: 'tenant mismatch',
  policy: 'refused by a policy',
  message_scope: 'scope by the body',
  scope: 'scope of the route',
};

/** The situation that one trace shows, by the table in docs/operate/tracing.md. */
function situationOf(trace: SpanNode): string {
  const { attributes } = trace;
  const validate = below(trace, 'jwt.validate');
  const lookup = below(trace, 'jwks.get_key');
  const fetched = below(lookup, 'jwks.fetch');
  if (validate !== undefined && tookMs(validate) > tookMs(trace) / 2) return 'slow user look-up';
  const required = REQUIRED[String(attributes['jwt.rejection.requirement'])];
  if (required !== undefined) return required;
  if (attributes['jwt.token_cache.hit'] === true) return 'remembered';
  if (lookup === undefined) return `refused: ${String(attributes['jwt.rejection.reason'])}`;
  const bySource: Record<string, string> = {
    hit: 'warm',
    stale: 'stale',
    refused: 'flood refused',
    coalesced: 'coalesced',
  };
  const byTrigger: Record<string, string> = {
    bootstrap: 'cold start',
    expired: 'expiry',
    unknown_kid: 'rotation',
  };
  return (
    bySource[String(lookup.attributes['jwks.cache.result'])] ??
    byTrigger[String(fetched?.attributes['jwks.fetch.trigger'])] ??
    'unknown'
  );
}

describe('one trace shows a situation by its names and attributes:', () => {
  it('cold start', async () => {
    issuer.fault({ status: 500 }, { on: 'all', times: 1 });
    const { clock, get } = await start();
    clock.skip(1_000);
    await get(issuer.token());
    expect(situationOf(lastTrace())).toBe('cold start');
    expect(below(lastTrace(), 'jwks.get_key')?.attributes).not.toHaveProperty('jwks.cache.age');
  });

  it('warm, and then from the token cache', async () => {
    const { get } = await start();
    const token = issuer.token();
    await get(token);
    await get(token);
    expect(traces().map(situationOf)).toEqual(['warm', 'remembered']);
    expect(lastTrace().children).toEqual([]);
  });

  it('expiry', async () => {
    const { clock, get } = await start({ staleIfErrorMs: 0 });
    clock.skip(JUST_OVER_MS);
    await get(issuer.token());
    expect(situationOf(lastTrace())).toBe('expiry');
  });

  it('stale during an outage, with the refresh that it started in a trace of its own', async () => {
    const { clock, get } = await start();
    issuer.fault({ status: 503 }, { on: 'all' });
    spans.clear();
    clock.skip(60_000);
    await get(issuer.token());
    expect(situationOf(lastTrace())).toBe('stale');
    const lookup = below(lastTrace(), 'jwks.get_key');
    expect(lookup).toMatchObject({ status: 'UNSET', attributes: { 'jwks.cache.age': 60 } });
    await vi.waitFor(() => expect(spans.named('jwks.fetch')).toHaveLength(1));
    expect(spans.tree().find(({ name }) => name === 'jwks.fetch')).toMatchObject({
      status: 'ERROR',
      attributes: {
        'jwks.fetch.trigger': 'refresh',
        'jwks.fetch.outcome': 'rejected',
        'http.response.status_code': 503,
        'error.type': 'http_status',
      },
      links: [{ name: 'jwks.get_key', spanId: lookup?.spanId }],
    });
  });

  it('rotation', async () => {
    const { get } = await start();
    await issuer.rotate();
    await get(issuer.token());
    expect(situationOf(lastTrace())).toBe('rotation');
    const fetched = below(below(lastTrace(), 'jwks.get_key'), 'jwks.fetch');
    expect(fetched?.attributes).toMatchObject({ 'jwks.fetch.outcome': 'replaced', 'jwks.key.count': 2 });
  });

  it('flood refused', async () => {
    const { get } = await start();
    for (let i = 0; i < 4; i += 1) await get(issuer.token({}, { key: await issuer.createKey() }));
    expect(situationOf(lastTrace())).toBe('flood refused');
    const lookup = below(lastTrace(), 'jwks.get_key');
    expect(lookup).toMatchObject({ status: 'UNSET', children: [] });
  });

  it('coalesced, with a link to the fetch that it waits for', async () => {
    const { get } = await start();
    await issuer.rotate();
    issuer.fault({ latencyMs: 500 });
    await Promise.all([get(issuer.token({ jti: '1' })), get(issuer.token({ jti: '2' }))]);
    const [waiting] = traces().filter((trace) => situationOf(trace) === 'coalesced');
    const [fetching] = traces().filter((trace) => situationOf(trace) === 'rotation');
    const fetched = below(below(fetching, 'jwks.get_key'), 'jwks.fetch');
    expect(below(waiting, 'jwks.get_key')).toMatchObject({
      children: [],
      links: [{ name: 'jwks.fetch', traceId: fetching?.traceId, spanId: fetched?.spanId }],
    });
  });

  it('a refused token, by its reason', async () => {
    const { get } = await start();
    await get(issuer.token({ aud: 'other' }));
    await get(issuer.token({ exp: 1 }));
    await get('not-a-token');
    expect(traces().map(situationOf)).toEqual([
      'refused: wrong_audience',
      'refused: expired',
      'refused: malformed_token',
    ]);
  });

  it('step-up', async () => {
    const { get } = await start();
    const token = issuer.token();
    await get(token, '/strong');
    await get(token, '/strong');
    await get(issuer.token({ acr: 'phr' }), '/strong');
    expect(traces().map(situationOf)).toEqual(['step-up', 'step-up', 'warm']);
    expect(traces()[0]?.attributes['jwt.rejection.reason']).toBe('insufficient_user_authentication');
  });

  it('tenant mismatch, before a key is looked up', async () => {
    const tenants = new Map([['127.0.0.1', 'https://other.example.com']]);
    const { get } = await start(
      {},
      { issuerFor: ({ hostname }: { hostname: string }) => tenants.get(hostname) },
    );
    await get(issuer.token());
    tenants.set('127.0.0.1', issuer.issuer);
    await get(issuer.token());
    expect(traces().map(situationOf)).toEqual(['tenant mismatch', 'warm']);
    expect(traces()[0]).toMatchObject({
      children: [],
      attributes: { 'jwt.issuer': issuer.issuer, 'jwt.rejection.reason': 'unknown_issuer' },
    });
  });

  it('scope by the body, where the request names what needs it', async () => {
    const resource = { identifier: issuer.audience };
    const { call, get } = await start({}, { resource });
    const token = issuer.token();
    await call(token, 'open');
    await call(token, 'scoped');
    await get(token, '/scoped');
    expect(traces().map(situationOf)).toEqual(['warm', 'scope by the body', 'scope of the route']);
  });

  it('the policies of the application, in a span of their own', async () => {
    const { get } = await start();
    await get(issuer.token(), '/ada');
    await get(issuer.token({ sub: 'ada' }), '/ada');
    expect(traces().map(situationOf)).toEqual(['refused by a policy', 'warm']);
    for (const trace of traces()) expect(below(trace, 'jwt.authorize')).toMatchObject({ status: 'UNSET' });
  });

  it('a slow user look-up', async () => {
    const { get } = await start({}, { validate: (claims) => sleep(300, claims) });
    await get(issuer.token());
    expect(situationOf(lastTrace())).toBe('slow user look-up');
  });
});

it('docs/operate/tracing.md tables all of them', () => {
  expect(tableRows('docs/operate/tracing.md', 'situations').map(([name]) => name)).toEqual([
    'cold start',
    'warm',
    'remembered',
    'expiry',
    'stale during an outage',
    'rotation',
    'flood refused',
    'coalesced',
    'refused token',
    'step-up',
    'tenant mismatch',
    'scope by the body',
    'slow user look-up',
  ]);
});
