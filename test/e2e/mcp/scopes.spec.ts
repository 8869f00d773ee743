import {
  AuthModule,
  OptionalAuth,
  RequireScopes,
  type AuthModuleExtras,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS, type Adapter } from '../../support/guarded-app.js';
import {
  calls,
  post,
  resultOf,
  rpc,
  SERVERS,
  startMcpApp,
  type McpAppOptions,
  type ServerKind,
} from '../../support/mcp-servers.js';

const identifier = 'https://api.example.com/mcp';
const metadata = 'https://api.example.com/.well-known/oauth-protected-resource/mcp';

let issuer: TestIssuer;
let stop: (() => Promise<void>) | undefined;
beforeAll(async () => {
  issuer = await startTestIssuer({ audience: identifier });
});
afterAll(() => issuer.close());
beforeEach(() => {
  calls.delete = 0;
});
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

async function start(
  kind: ServerKind,
  adapter: Adapter,
  more: Partial<McpAppOptions> = {},
  options: Partial<AuthOptions & AuthModuleExtras> = {},
): Promise<string> {
  const auth = AuthModule.forRoot({ issuer: issuer.issuer, resource: { identifier }, ...options });
  const { app, url } = await startMcpApp({ kind, adapter, auth, ...more });
  stop = () => app.close();
  return url;
}

const call = (name: string) => rpc('tools/call', { name, arguments: {} });
const tokenWith = (scope?: string) => issuer.token(scope === undefined ? {} : { scope });

async function outcome(response: Response) {
  const challenge = response.headers.get('www-authenticate') ?? '';
  return {
    status: response.status,
    scope: / scope="([^"]*)"/.exec(challenge)?.[1],
    error: /error="([^"]*)"/.exec(challenge)?.[1],
    metadata: /resource_metadata="([^"]*)"/.exec(challenge)?.[1],
  };
}
const refused = (status: number, scope?: string, error?: string) => ({ status, scope, error, metadata });
const insufficient = (scope: string) => refused(403, scope, 'insufficient_scope');

const CASES = SERVERS.flatMap((kind) => ADAPTERS.map((adapter) => [kind, adapter] as const));

describe.each(CASES)('scopes of an MCP server of %s on %s', (kind, adapter) => {
  it('a tool is called with its scopes, and refused at HTTP level before it runs without them', async () => {
    const url = await start(kind, adapter);
    const token = tokenWith('files:read');
    expect(await outcome(await post(url, call('delete'), { token }))).toEqual(
      insufficient('files:delete files:read'),
    );
    expect(calls.delete).toBe(0);
    expect((await post(url, call('hello'), { token })).status).toBe(200);
    const granted = await post(url, call('delete'), { token: tokenWith('files:read files:delete') });
    expect([granted.status, calls.delete]).toEqual([200, 1]);
    expect(await granted.text()).toContain('deleted');
  });

  it('challenges of 401 name the scopes of what is called', async () => {
    const url = await start(kind, adapter);
    expect(await outcome(await post(url, call('delete')))).toEqual(refused(401, 'files:delete files:read'));
    expect(await outcome(await post(url, call('hello')))).toEqual(refused(401));
    expect(await outcome(await post(url, call('delete'), { token: issuer.token({ aud: 'other' }) }))).toEqual(
      refused(401, 'files:delete files:read', 'invalid_token'),
    );
  });

  it('resources and prompts are read with their scopes', async () => {
    const url = await start(kind, adapter);
    const read = (uri: string, scope: string) =>
      post(url, rpc('resources/read', { uri }), { token: tokenWith(scope) });
    expect((await read('docs://readme', 'none')).status).toBe(200);
    expect(await outcome(await read('docs://secret', 'none'))).toEqual(insufficient('docs:read'));
    expect((await read('docs://secret', 'docs:read')).status).toBe(200);
    expect(await outcome(await read('users://by-id/1', 'docs:read'))).toEqual(insufficient('users:read'));
    expect((await read('users://by-id/1', 'users:read')).status).toBe(200);
    const get = (scope: string) =>
      post(url, rpc('prompts/get', { name: 'plan' }), { token: tokenWith(scope) });
    expect(await outcome(await get('none'))).toEqual(insufficient('plans:read'));
    expect((await get('plans:read')).status).toBe(200);
  });

  it('a header does not decide what is called', async () => {
    const url = await start(kind, adapter);
    const headers = { 'mcp-method': 'tools/call', 'mcp-name': 'hello' };
    expect(await outcome(await post(url, call('delete'), { token: tokenWith('none'), headers }))).toEqual(
      insufficient('files:delete files:read'),
    );
    expect(calls.delete).toBe(0);
    const named = { 'mcp-method': 'tools/call', 'mcp-name': 'delete' };
    expect((await post(url, call('hello'), { token: tokenWith('none'), headers: named })).status).not.toBe(
      403,
    );
  });

  it('a batch needs what all of its members need', async () => {
    const url = await start(kind, adapter);
    const batch = [call('hello'), call('delete'), rpc('resources/read', { uri: 'docs://secret' }, 2)];
    expect(await outcome(await post(url, batch, { token: tokenWith('files:read') }))).toEqual(
      insufficient('files:delete files:read docs:read'),
    );
    expect(calls.delete).toBe(0);
    const all = await post(url, batch, { token: tokenWith('files:read files:delete docs:read') });
    expect(all.status).not.toBe(403);
  });

  it('GET and DELETE need a token', async () => {
    const url = await start(kind, adapter);
    for (const method of ['GET', 'DELETE']) {
      expect((await fetch(url, { method })).status).toBe(401);
      const headers = { authorization: `Bearer ${tokenWith()}`, accept: 'text/event-stream' };
      const aborter = new AbortController();
      const response = await fetch(url, { method, headers, signal: aborter.signal });
      aborter.abort();
      expect([200, 405]).toContain(response.status);
    }
  });

  it('names of Object.prototype are names of no tool', async () => {
    const url = await start(kind, adapter);
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect((await post(url, call(name), { token: tokenWith('none') })).status).toBeLessThan(401);
  });

  it('with @OptionalAuth an anonymous call of a scoped tool is 401 with its scope, others pass', async () => {
    const url = await start(kind, adapter, { decorators: [OptionalAuth()] });
    expect((await post(url, call('hello'))).status).toBe(200);
    expect((await post(url, rpc('tools/list'))).status).toBe(200);
    expect(await outcome(await post(url, call('delete')))).toEqual(refused(401, 'files:delete files:read'));
    expect(await outcome(await post(url, call('delete'), { token: tokenWith('none') }))).toEqual(
      insufficient('files:delete files:read'),
    );
    expect(calls.delete).toBe(0);
  });

  it('what the controller requires is added', async () => {
    const url = await start(kind, adapter, { decorators: [RequireScopes('mcp') as ClassDecorator] });
    expect(await outcome(await post(url, call('hello')))).toEqual(refused(401, 'mcp'));
    expect(await outcome(await post(url, call('delete'), { token: tokenWith('mcp') }))).toEqual(
      insufficient('mcp files:delete files:read'),
    );
    expect((await post(url, call('hello'), { token: tokenWith('mcp') })).status).toBe(200);
  });

  it('a broader scope suffices', async () => {
    const scopeImplies = { files: ['files:delete', 'files:read'] };
    const url = await start(kind, adapter, {}, { scopeImplies });
    expect((await post(url, call('delete'), { token: tokenWith('files') })).status).toBe(200);
    expect((await post(url, call('delete'), { token: tokenWith('filesystem') })).status).toBe(403);
  });

  it('under guardEveryRoute the same holds', async () => {
    const url = await start(kind, adapter, {}, { guardEveryRoute: true });
    expect((await post(url, call('delete'), { token: tokenWith('none') })).status).toBe(403);
    const granted = await post(url, call('delete'), { token: tokenWith('files:read files:delete') });
    expect([granted.status, calls.delete]).toEqual([200, 1]);
    expect((await post(url, call('hello'), { token: tokenWith('none') })).status).toBe(200);
  });
});

describe.each(CASES.filter(([kind]) => kind !== 'MCP-Nest'))(
  'resources of a server of %s on %s',
  (kind, adapter) => {
    it('are looked up as the SDK does: by the whole URI as URL parsers write it, and then by templates', async () => {
      const resourceScopes = {
        'docs://secret': ['secret'],
        'docs://{name}': ['docs'],
        'users://{id}': ['users'],
      };
      const url = await start(kind, adapter, { endpoint: { resourceScopes } });
      const scopeFor = async (uri: string) => {
        const response = await post(url, rpc('resources/read', { uri }), { token: tokenWith('none') });
        return (await outcome(response)).scope;
      };
      expect(await scopeFor('docs://secret')).toBe('secret');
      expect(await scopeFor('docs://readme')).toBe('docs');
      expect(await scopeFor('users://by-id')).toBe('users');
      expect(await scopeFor('DOCS://secret')).toBe('secret');
      expect(await scopeFor('docs://secret?x=1')).toBe('secret docs');
      expect(await scopeFor('other://secret')).toBeUndefined();
    });
  },
);

describe.each(CASES)('what nothing can be known of, at an MCP server of %s on %s', (kind, adapter) => {
  const ALL =
    kind === 'MCP-Nest'
      ? 'files:delete files:read plans:read users:read docs:read'
      : 'files:delete files:read plans:read docs:read users:read';

  it.each([
    ['an empty object', {}],
    ['a name that is no string', rpc('tools/call', { name: ['delete'] })],
    ['a call without params', { jsonrpc: '2.0', id: 1, method: 'tools/call' }],
    ['a batch in a batch', [[call('delete')]]],
    [
      'a method that is no string',
      { jsonrpc: '2.0', id: 1, method: ['tools/call'], params: { name: 'delete' } },
    ],
  ])('needs what everything needs: %s', async (_, body) => {
    const url = await start(kind, adapter);
    expect(await outcome(await post(url, body, { token: tokenWith('none') }))).toEqual(insufficient(ALL));
    expect((await post(url, body, { token: tokenWith(ALL) })).status).not.toBe(403);
  });

  it('needs what everything needs: a body that no parser of JSON has read', async () => {
    const url = await start(kind, adapter, { bodyParser: false });
    expect(await outcome(await post(url, call('hello'), { token: tokenWith('none') }))).toEqual(
      insufficient(ALL),
    );
    expect((await post(url, call('hello'), { token: tokenWith(ALL) })).status).not.toBe(403);
  });
});

describe.each(CASES)('request.auth at an MCP server of %s on %s', (kind, adapter) => {
  const whoami = async (url: string, token?: string) => {
    const body = await resultOf<{ content: [{ text: string }] }>(await post(url, call('whoami'), { token }));
    return JSON.parse(body.content[0].text) as Record<string, unknown> | null;
  };

  it('is the AuthInfo of the SDK, without the token', async () => {
    const url = await start(kind, adapter);
    const token = issuer.token({ sub: 'ada', client_id: 'cli', scope: 'a b' });
    expect(await whoami(url, token)).toEqual({
      token: '',
      clientId: 'cli',
      scopes: ['a', 'b'],
      expiresAt: expect.any(Number) as number,
      resource: identifier,
      extra: { user: expect.objectContaining({ sub: 'ada' }) as object },
    });
  });

  it('has the token with exposeToken, and is missing without one', async () => {
    const url = await start(kind, adapter, { endpoint: { exposeToken: true }, decorators: [OptionalAuth()] });
    const token = issuer.token({ azp: 'web', client_id: undefined });
    expect(await whoami(url, token)).toMatchObject({ token, clientId: 'web' });
    expect(await whoami(url)).toBeNull();
  });
});

describe.each(CASES)('origins at an MCP server of %s on %s', (kind, adapter) => {
  it('that are not allowed get 403 before the token is read; that of the identifier is allowed', async () => {
    const url = await start(kind, adapter, { endpoint: { allowedOrigins: ['https://app.example.com'] } });
    const status = async (origin: string, token?: string) =>
      (await post(url, call('hello'), { token, headers: { origin } })).status;
    for (const origin of [
      'https://evil.example',
      'null',
      'http://app.example.com',
      'https://APP.example.com',
    ]) {
      expect([origin, await status(origin)]).toEqual([origin, 403]);
      expect([origin, await status(origin, tokenWith())]).toEqual([origin, 403]);
    }
    for (const origin of ['https://app.example.com', 'https://api.example.com']) {
      expect(await status(origin, tokenWith())).toBe(200);
      expect(await status(origin)).toBe(401);
    }
  });
});
