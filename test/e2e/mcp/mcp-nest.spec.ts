import { UseGuards, type ExecutionContext } from '@nestjs/common';
import { McpController, Prompt, Resource, ResourceTemplate, Tool, ToolScopes } from '@rekog/mcp-nest';
import {
  AuthModule,
  CurrentUser,
  JwtAuthGuard,
  OptionalAuth,
  RequireAudience,
  RequireAuthentication,
  RequirePolicy,
  RequireRoles,
  RequireScopes,
  type AccessPolicy,
  type AccessTokenClaims,
  type AuthModuleExtras,
  type AuthOptions,
  type PolicySubject,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, type Adapter } from '../../support/guarded-app.js';
import { post, resultOf, rpc, startMcpApp, type McpAppOptions } from '../../support/mcp-servers.js';

const identifier = 'https://api.example.com/mcp';
const text = (value: unknown) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });
const contents = { contents: [{ uri: 'docs://any', text: 'content' }] };

class AdaPolicy implements AccessPolicy {
  static readonly transports: string[] = [];
  allows({ claims, transport }: PolicySubject, context: ExecutionContext): boolean {
    AdaPolicy.transports.push(`${transport} ${context.getHandler().name}`);
    return claims.sub === 'ada';
  }
}

@McpController()
class MoreTools {
  @UseGuards(JwtAuthGuard)
  @Tool({ name: 'me', description: 'says who calls' })
  me(@CurrentUser() user: unknown) {
    return text(user ?? null);
  }

  @RequireRoles('admin')
  @Tool({ name: 'admin', description: 'for admins' })
  admin() {
    return text('admin');
  }

  @RequireAuthentication({ acr: 'phr' })
  @RequireScopes('pay')
  @Tool({ name: 'pay', description: 'pays' })
  pay() {
    return text('paid');
  }

  @RequirePolicy(AdaPolicy)
  @Tool({ name: 'ada', description: 'for Ada' })
  ada() {
    return text('ada');
  }

  @RequireScopes('unnamed')
  @Tool({ description: 'has the name of its method' })
  unnamed() {
    return text('unnamed');
  }

  @ToolScopes(['theirs'])
  @Tool({ name: 'theirs', description: 'has scopes of MCP-Nest' })
  theirs() {
    return text('theirs');
  }

  @RequireScopes('guide')
  @Prompt({ description: 'has the name of its method' })
  guide() {
    return { messages: [] };
  }

  @RequireScopes('shadowed')
  @Resource({ uri: 'notes://public' })
  shadowed() {
    return contents;
  }

  @ResourceTemplate({ uriTemplate: 'notes://{name}' })
  shadowing() {
    return contents;
  }

  @Resource({ uri: 'pages://private/1' })
  open() {
    return contents;
  }

  @RequireScopes('pages')
  @ResourceTemplate({ uriTemplate: 'pages://private/{id}' })
  scoped() {
    return contents;
  }
}

let issuer: TestIssuer;
let stop: (() => Promise<void>) | undefined;
beforeAll(async () => {
  issuer = await startTestIssuer({ audience: identifier });
});
afterAll(() => issuer.close());
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

async function start(
  adapter: Adapter,
  options: Partial<AuthOptions & AuthModuleExtras> = {},
  more: Partial<McpAppOptions> = {},
): Promise<string> {
  const auth = AuthModule.forRoot({ issuer: issuer.issuer, resource: { identifier }, ...options });
  const { app, url } = await startMcpApp({
    kind: 'MCP-Nest',
    adapter,
    auth,
    controllers: [MoreTools],
    providers: [AdaPolicy],
    ...more,
  });
  stop = () => app.close();
  return url;
}

const call = (name: string) => rpc('tools/call', { name, arguments: {} });
const read = (uri: string) => rpc('resources/read', { uri });
interface Result {
  readonly isError?: boolean;
  readonly content: [{ text: string }];
}

describe.each(ADAPTERS)('handlers of MCP-Nest on %s', (adapter) => {
  it('have the user of the HTTP request, whose token is verified and validated once', async () => {
    let validated = 0;
    const validate = ({ sub }: AccessTokenClaims) => {
      validated += 1;
      return { name: sub };
    };
    const url = await start(adapter, { validate });
    const { content } = await resultOf<Result>(
      await post(url, call('me'), { token: issuer.token({ sub: 'ada' }) }),
    );
    expect(JSON.parse(content[0].text)).toEqual({ name: 'ada' });
    expect(validated).toBe(1);
  });

  it('that require roles are refused at HTTP level', async () => {
    const url = await start(adapter);
    const refused = await post(url, call('admin'), { token: issuer.token() });
    expect([refused.status, await refused.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'insufficient_role' }),
    ]);
    expect((await post(url, call('admin'), { token: issuer.token({ roles: ['admin'] }) })).status).toBe(200);
  });

  it('that require a strong authentication are answered with 401, and the scope that lacks as well', async () => {
    const url = await start(adapter);
    const refused = await post(url, call('pay'), { token: issuer.token() });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(
      /error="insufficient_user_authentication".* scope="pay".* acr_values="phr"/,
    );
    expect((await post(url, call('pay'), { token: issuer.token({ acr: 'phr', scope: 'pay' }) })).status).toBe(
      200,
    );
  });

  it('that have a policy are refused where they are called, with their own context', async () => {
    const url = await start(adapter);
    AdaPolicy.transports.length = 0;
    const result = async (sub: string) =>
      resultOf<Result>(await post(url, call('ada'), { token: issuer.token({ sub }) }));
    expect((await result('ada')).isError).toBeUndefined();
    expect(await result('bob')).toMatchObject({ isError: true });
    expect(AdaPolicy.transports).toEqual(['rpc ada', 'rpc ada']);
  });

  it('are known by the names of their methods where they have none', async () => {
    const url = await start(adapter);
    const status = async (body: object, scope: string) =>
      (await post(url, body, { token: issuer.token({ scope }) })).status;
    expect(await status(call('unnamed'), 'none')).toBe(403);
    expect(await status(call('unnamed'), 'unnamed')).toBe(200);
    const guide = rpc('prompts/get', { name: 'guide' });
    expect(await status(guide, 'none')).toBe(403);
    expect(await status(guide, 'guide')).toBe(200);
  });

  it('are found as MCP-Nest finds them: templates first, without schemes', async () => {
    const url = await start(adapter);
    const status = async (uri: string, scope = 'none') =>
      (await post(url, read(uri), { token: issuer.token({ scope }) })).status;
    expect(await status('notes://public')).toBe(200);
    for (const uri of [
      'pages://private/1',
      'PAGES://private/1',
      'other://private/2',
      'private/1',
      'a://PRIVATE/1',
    ]) {
      expect([uri, await status(uri)]).toEqual([uri, 403]);
      expect([uri, await status(uri, 'pages')]).toEqual([uri, 200]);
    }
    expect(await status('pages://nothing/here')).toBe(200);
  });

  it('that name the guard need a token under @OptionalAuth, and others do not', async () => {
    const url = await start(adapter, {}, { decorators: [OptionalAuth()] });
    expect((await post(url, call('hello'))).status).toBe(200);
    expect((await post(url, call('me'))).status).toBe(401);
    expect((await post(url, call('me'), { token: issuer.token() })).status).toBe(200);
  });

  it('are called with a token for the further audience that their endpoint belongs to', async () => {
    const admin = 'https://admin.example.com/mcp';
    const url = await start(
      adapter,
      { furtherAudiences: [{ identifier: admin }] },
      { decorators: [RequireAudience(admin)] },
    );
    const result = async (aud: string) => {
      const response = await post(url, call('unnamed'), { token: issuer.token({ aud, scope: 'unnamed' }) });
      return response.status === 200 ? (await resultOf<Result>(response)).content[0].text : response.status;
    };
    expect(await result(admin)).toBe('"unnamed"');
    expect(await result(identifier)).toBe(401);
    const refused = await post(url, call('unnamed'));
    expect(refused.headers.get('www-authenticate')).toBe(
      `Bearer realm="${admin}", scope="unnamed", resource_metadata="https://admin.example.com/.well-known/oauth-protected-resource/mcp"`,
    );
  });

  it('with scopes of MCP-Nest are listed for users who have them, and refused with the metadata', async () => {
    const url = await start(adapter, {}, { transport: { stepUpAuthorization: true } });
    const send = (body: object, scope: string) => post(url, body, { token: issuer.token({ scope }) });
    const listed = async (scope: string) => {
      const { tools } = await resultOf<{ tools: { name: string }[] }>(await send(rpc('tools/list'), scope));
      return tools.some(({ name }) => name === 'theirs');
    };
    expect([await listed('none'), await listed('theirs')]).toEqual([false, true]);
    const refused = await send(call('theirs'), 'none');
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain(
      'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"',
    );
    expect((await send(call('theirs'), 'theirs')).status).toBe(200);
  });

  it('that the options list are matched without schemes', async () => {
    const endpoint = { resourceScopes: { 'late://thing': ['late'] } };
    const url = await start(adapter, {}, { endpoint });
    const status = async (uri: string, scope: string) =>
      (await post(url, read(uri), { token: issuer.token({ scope }) })).status;
    for (const uri of ['late://thing', 'other://thing', 'thing']) {
      expect([uri, await status(uri, 'none')]).toEqual([uri, 403]);
      expect([uri, await status(uri, 'late')]).toEqual([uri, 200]);
    }
  });

  it('scopes of the options and of handlers add up', async () => {
    const url = await start(adapter, {}, { endpoint: { toolScopes: { unnamed: ['more'], late: ['late'] } } });
    const status = async (name: string, scope: string) =>
      (await post(url, call(name), { token: issuer.token({ scope }) })).status;
    expect(await status('unnamed', 'unnamed')).toBe(403);
    expect(await status('unnamed', 'unnamed more')).toBe(200);
    expect(await status('late', 'none')).toBe(403);
  });
});
