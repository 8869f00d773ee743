import {
  McpServer as McpServer1,
  ResourceTemplate as ResourceTemplate1,
} from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import {
  All,
  Controller,
  Module,
  Req,
  Res,
  type DynamicModule,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  McpController,
  McpHttpControllerFor,
  McpStrategy,
  Prompt,
  Resource,
  ResourceTemplate as NestTemplate,
  StreamableHttpTransport,
  type StreamableHttpTransportOptions,
  Tool,
  type McpContext,
} from '@rekog/mcp-nest';
import { McpEndpoint, RequireScopes, type McpEndpointOptions } from 'nestjs-jwks-auth';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Adapter } from './guarded-app.js';

/** The ways in which an MCP server is served in Nest. */
export const SERVERS = ['SDK 1', 'SDK 2', 'MCP-Nest'] as const;
export type ServerKind = (typeof SERVERS)[number];

/** How often the tool `delete` ran. */
export const calls = { delete: 0 };

/** The scopes of what every server has. */
export const SCOPES = {
  toolScopes: { delete: ['files:delete', 'files:read'] },
  resourceScopes: { 'docs://secret': ['docs:read'], 'users://by-id/{id}': ['users:read'] },
  promptScopes: { plan: ['plans:read'] },
} as const satisfies McpEndpointOptions;

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });
const contents = (uri: URL) => ({ contents: [{ uri: uri.href, text: 'content' }] });
const prompt = () => ({
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'plan' } }],
});
const remove = () => {
  calls.delete += 1;
  return text('deleted');
};

type NodeRequest = IncomingMessage & { raw?: IncomingMessage; body?: unknown };
type NodeResponse = ServerResponse & { raw?: ServerResponse; hijack?: () => void };

/** Node's own request and response, which the transports of the SDK take. */
function nodeOf(request: NodeRequest, response: NodeResponse): [IncomingMessage, ServerResponse, unknown] {
  response.hijack?.();
  return [request.raw ?? request, response.raw ?? response, request.body];
}

async function serveSdk1(request: NodeRequest, response: NodeResponse): Promise<void> {
  const server = new McpServer1({ name: 'sdk-1', version: '1.0.0' });
  server.registerTool('hello', {}, () => text('hello'));
  server.registerTool('whoami', {}, ({ authInfo }) => text(JSON.stringify(authInfo ?? null)));
  server.registerTool('delete', {}, remove);
  for (const name of ['readme', 'secret']) server.registerResource(name, `docs://${name}`, {}, contents);
  server.registerResource(
    'user',
    new ResourceTemplate1('users://by-id/{id}', { list: undefined }),
    {},
    contents,
  );
  server.registerPrompt('plan', {}, prompt);
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport as Parameters<typeof server.connect>[0]);
  await transport.handleRequest(...nodeOf(request, response));
}

const sdk2 = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: 'sdk-2', version: '1.0.0' });
    server.registerTool('hello', {}, () => text('hello'));
    server.registerTool('whoami', {}, (context) => text(JSON.stringify(context.http?.authInfo ?? null)));
    server.registerTool('delete', {}, remove);
    for (const name of ['readme', 'secret']) server.registerResource(name, `docs://${name}`, {}, contents);
    server.registerResource(
      'user',
      new ResourceTemplate('users://by-id/{id}', { list: undefined }),
      {},
      contents,
    );
    server.registerPrompt('plan', {}, prompt);
    return server;
  }),
);

@McpController()
class NestTools {
  @Tool({ name: 'hello', description: 'says hello' })
  hello() {
    return text('hello');
  }

  @Tool({ name: 'whoami', description: 'says who calls' })
  whoami(@Ctx() context: McpContext) {
    return text(JSON.stringify((context.getRawRequest() as { auth?: unknown } | undefined)?.auth ?? null));
  }

  @RequireScopes(...SCOPES.toolScopes.delete)
  @Tool({ name: 'delete', description: 'deletes' })
  delete() {
    return remove();
  }

  @Resource({ uri: 'docs://readme' })
  readme() {
    return contents(new URL('docs://readme'));
  }

  @RequireScopes(...SCOPES.resourceScopes['docs://secret'])
  @Resource({ uri: 'docs://secret' })
  secret() {
    return contents(new URL('docs://secret'));
  }

  @RequireScopes(...SCOPES.resourceScopes['users://by-id/{id}'])
  @NestTemplate({ uriTemplate: 'users://by-id/{id}' })
  user() {
    return contents(new URL('users://by-id/1'));
  }

  @RequireScopes(...SCOPES.promptScopes.plan)
  @Prompt({ name: 'plan', description: 'plans' })
  plan() {
    return prompt();
  }
}

export interface McpAppOptions {
  readonly kind: ServerKind;
  readonly adapter: Adapter;
  readonly auth: DynamicModule;
  /** Of `@McpEndpoint`, beside the scopes. */
  readonly endpoint?: McpEndpointOptions;
  /** More decorators of the controller. */
  readonly decorators?: readonly ClassDecorator[];
  readonly controllers?: readonly Type[];
  readonly providers?: readonly Type[];
  /** Of MCP-Nest. */
  readonly transport?: StreamableHttpTransportOptions;
  readonly port?: number;
  /** False: Express reads no body, and Fastify leaves bytes. */
  readonly bodyParser?: boolean;
}

/** Starts an application with a guarded MCP server at `/mcp`. */
export async function startMcpApp(options: McpAppOptions): Promise<{ app: INestApplication; url: string }> {
  const {
    kind,
    adapter,
    auth,
    endpoint = {},
    decorators = [],
    controllers = [],
    providers = [],
    port = 0,
  } = options;
  const transport = new StreamableHttpTransport(options.transport);
  const strategy =
    kind === 'MCP-Nest'
      ? new McpStrategy({ name: 'mcp-nest', version: '1.0.0', transports: [transport], logging: false })
      : undefined;
  const controller = controllerOf(kind, transport);
  McpEndpoint(kind === 'MCP-Nest' ? endpoint : { ...SCOPES, ...endpoint })(controller);
  for (const decorate of decorators) decorate(controller);
  const tools = kind === 'MCP-Nest' ? [NestTools] : [];

  @Module({ imports: [auth], controllers: [controller, ...tools, ...controllers], providers: [...providers] })
  class McpModule {}
  const { bodyParser = true } = options;
  const nest = { logger: false, abortOnError: false, bodyParser } as const;
  const app =
    adapter === 'fastify'
      ? await NestFactory.create(McpModule, new FastifyAdapter(), nest)
      : await NestFactory.create(McpModule, nest);
  if (adapter === 'fastify' && !bodyParser)
    (app.getHttpAdapter().getInstance() as FastifyInstance).addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      (_request, body, done) => done(null, body),
    );
  if (strategy !== undefined) {
    strategy.setHttpAdapter(app.getHttpAdapter() as never);
    app.connectMicroservice({ strategy });
    await app.startAllMicroservices();
  }
  await app.listen(port, '127.0.0.1');
  return { app, url: `${await app.getUrl()}/mcp` };
}

function controllerOf(kind: ServerKind, transport: StreamableHttpTransport): Type {
  if (kind === 'MCP-Nest') {
    @Controller('mcp')
    class NestEndpoint extends McpHttpControllerFor(transport) {}
    return NestEndpoint;
  }
  @Controller('mcp')
  class SdkEndpoint {
    @All()
    async serve(@Req() request: NodeRequest, @Res() response: NodeResponse): Promise<void> {
      if (kind === 'SDK 1') await serveSdk1(request, response);
      else await sdk2(...nodeOf(request, response));
    }
  }
  return SdkEndpoint;
}

/** How a message is sent. */
export interface Send {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
}

/** Sends messages as clients of 2025-11-25 do. */
export const post = (url: string, body: unknown, { token, headers = {} }: Send = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** A request (JSON-RPC 2.0). */
export const rpc = (method: string, params: object = {}, id = 1): object => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});

/** The result in a response, which is JSON or a stream with one event. */
export async function resultOf<T>(response: Response): Promise<T> {
  const body = await response.text();
  const json = /^data: (.+)$/m.exec(body)?.[1] ?? body;
  return (JSON.parse(json) as { result: T }).result;
}
