import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { resolveAuthOptions } from '../auth.options.js';
import { NO_REQUIREMENTS } from '../requirements/requirements.js';
import { combine } from '../requirements/route-requirements.js';
import { resolveMcpEndpoint } from './mcp-endpoint.options.js';
import { McpEndpoints } from './mcp-endpoints.js';

const NOW = 1_000_000_000;
beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

class Response extends EventEmitter {
  isEnded = false;
  destroy(): void {
    this.isEnded = true;
  }
}

function mcpEndpoints(): McpEndpoints {
  const { guard } = resolveAuthOptions({
    issuer: 'https://login.example.com',
    resource: { identifier: 'https://api.example.com/mcp' },
    clockToleranceMs: 5_000,
  });
  return new McpEndpoints(new Map() as never, { getGlobalGuards: () => [] } as never, guard);
}

/** Admits a request with a token that expires in a minute. */
function admit(request: object, response: object): void {
  const claims = { iss: 'https://login.example.com', exp: NOW / 1_000 + 60 };
  mcpEndpoints().admit({
    request,
    response,
    policy: { access: undefined, requirements: combine(NO_REQUIREMENTS, NO_REQUIREMENTS) },
    verified: { claims, header: { alg: 'RS256' }, issuer: claims.iss } as never,
    user: claims,
  });
}

const listen = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params: {} };

it.each([
  ['GET', { method: 'GET' }],
  ['subscriptions/listen', { method: 'POST', body: listen }],
])('a stream of %s ends when its token expires', (_, request) => {
  const response = new Response();
  admit(request, response);
  vi.advanceTimersByTime(64_999);
  expect(response.isEnded).toBe(false);
  vi.advanceTimersByTime(1);
  expect(response.isEnded).toBe(true);
});

it('so does that of Fastify, which keeps the response of Node.js in raw', () => {
  const raw = new Response();
  admit({ method: 'GET' }, { raw });
  vi.advanceTimersByTime(65_000);
  expect(raw.isEnded).toBe(true);
});

it('a call has the time that it takes', () => {
  const response = new Response();
  admit({ method: 'POST', body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} } }, response);
  expect(vi.getTimerCount()).toBe(0);
});

it.each([
  ['GET', undefined, undefined],
  ['GET', {}, undefined],
  ['DELETE', {}, undefined],
  ['GET', { method: 'tools/call', params: { name: 'delete' } }, 'files:delete'],
  ['GET', 'text', 'files:delete'],
  ['POST', {}, 'files:delete'],
  ['POST', undefined, 'files:delete'],
])('a request with %s and the body %j needs the scope %s', (method, body, scope) => {
  const endpoint = resolveMcpEndpoint({ toolScopes: { delete: ['files:delete'] } });
  const requirements = combine({ ...NO_REQUIREMENTS, byRequest: [endpoint] }, NO_REQUIREMENTS);
  const policy = mcpEndpoints().policyFor({ method, body }, { access: undefined, requirements });
  expect(policy.requirements.scope).toBe(scope);
});
