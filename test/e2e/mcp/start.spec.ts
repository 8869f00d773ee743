import { Controller, Get, Module, Post, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { McpController, Resource, Tool } from '@rekog/mcp-nest';
import {
  AuthModule,
  McpEndpoint,
  Public,
  RequireAudience,
  RequireScopes,
  type AuthOptions,
  type McpEndpointOptions,
} from 'nestjs-jwks-auth';
import { describe, expect, it } from 'vitest';

const issuer = 'https://login.example.com';
const identifier = 'https://api.example.com/mcp';
const keys = { bootstrap: 'background' } as const;

@McpEndpoint()
@Controller('mcp')
class EndpointController {
  @Post()
  post(): string {
    return 'called';
  }
}

@McpController()
class ScopedTools {
  @RequireScopes('files:delete')
  @Tool({ name: 'delete', description: 'deletes' })
  delete(): string {
    return 'deleted';
  }
}

@McpController()
class PlainTools {
  @Tool({ name: 'hello', description: 'says hello' })
  hello(): string {
    return 'hello';
  }
}

@Public()
@McpController()
class PublicTools {
  @Tool({ name: 'hello', description: 'says hello' })
  hello(): string {
    return 'hello';
  }
}

/** Starts and closes an application. */
async function start(options: Partial<AuthOptions>, ...controllers: Type[]): Promise<'started'> {
  @Module({ imports: [AuthModule.forRoot({ issuer, keys, ...options })], controllers })
  class StartModule {}
  const app = await NestFactory.create(StartModule, { logger: false, abortOnError: false });
  try {
    await app.init();
    return 'started';
  } finally {
    await app.close();
  }
}

describe('an @McpEndpoint', () => {
  it('needs a resource whose metadata names an authorization server', async () => {
    await expect(start({ audience: identifier }, EndpointController)).rejects.toThrow(
      /EndpointController\.post belongs to an @McpEndpoint, which needs the option "resource"/,
    );
    await expect(
      start({ resource: { identifier, authorizationServers: null } }, EndpointController),
    ).rejects.toThrow(/needs one of "authorizationServers" or more/);
    expect(await start({ resource: { identifier } }, EndpointController)).toBe('started');
  });

  it('checks the audience', async () => {
    const unchecked = { audience: null, tokenType: 'at+jwt' };
    await expect(start({ ...unchecked, resource: { identifier } }, EndpointController)).rejects.toThrow(
      /"audience" must not be null/,
    );
  });

  it('may belong to a further audience, which then needs metadata', async () => {
    const admin = 'https://admin.example.com/mcp';
    @RequireAudience(admin)
    @McpEndpoint()
    @Controller('admin')
    class AdminController {
      @Post()
      post(): string {
        return 'called';
      }
    }
    const resource = { identifier };
    await expect(start({ resource, furtherAudiences: [admin] }, AdminController)).rejects.toThrow(
      /AdminController\.post.*needs the option "resource", or a further audience that is an object/,
    );
    expect(await start({ resource, furtherAudiences: [{ identifier: admin }] }, AdminController)).toBe(
      'started',
    );
    expect(
      await start({ audience: 'other', furtherAudiences: [{ identifier: admin }] }, AdminController),
    ).toBe('started');
  });

  it('cannot be public', async () => {
    @McpEndpoint()
    @Controller('mcp')
    class OpenController {
      @Post()
      post(): string {
        return 'called';
      }
    }
    expect(() => Public()(OpenController)).toThrow(/OpenController is @Public and @Require/);
  });

  it('stands on a class', () => {
    class MethodController {
      get(): string {
        return 'got';
      }
    }
    const decorate = McpEndpoint() as MethodDecorator;
    const descriptor = Object.getOwnPropertyDescriptor(MethodController.prototype, 'get');
    expect(() => decorate(MethodController.prototype, 'get', descriptor as never)).toThrow(
      /@McpEndpoint must stand on a controller/,
    );
  });

  it.each([
    [{ toolScopes: { delete: [] } }, /"toolScopes\.delete"/],
    [{ toolScopes: { delete: 'files:delete' } }, /"toolScopes\.delete" must be a non-empty array of scopes/],
    [{ resourceScopes: { 'docs://a': ['a b'] } }, /"resourceScopes\.docs:\/\/a"/],
    [{ toolScopes: { delete: ['offline_access'] } }, /"toolScopes\.delete" must not hold offline_access/],
    [{ promptScopes: [] }, /"promptScopes" must be an object/],
    [{ allowedOrigins: ['https://app.example.com/'] }, /"allowedOrigins"/],
    [{ allowedOrigins: ['*'] }, /"allowedOrigins"/],
    [{ allowedOrigins: 'https://app.example.com' }, /"allowedOrigins"/],
    [{ exposeToken: 1 }, /"exposeToken"/],
    [{ scopes: {} }, /"scopes" is unknown/],
  ])('refuses %j, and names the class', (options, message) => {
    class WrongController {
      post(): void {}
    }
    const decorate = () => McpEndpoint(options as unknown as McpEndpointOptions)(WrongController);
    expect(decorate).toThrow(message);
    expect(decorate).toThrow(/WrongController: @McpEndpoint/);
    expect(decorate).toThrow(TypeError);
  });
});

describe('handlers of MCP-Nest', () => {
  const options = { resource: { identifier } };

  it.each([[ScopedTools], [PlainTools]])('%o need a controller that is an endpoint', async (tools) => {
    await expect(start(options, tools)).rejects.toThrow(
      new RegExp(`${tools.name}\\.\\w+ is a handler of MCP-Nest, and no controller is an @McpEndpoint`),
    );
    expect(await start(options, tools, EndpointController)).toBe('started');
  });

  it('need none where they are public, or the option says that they are called over stdio', async () => {
    expect(await start(options, PublicTools)).toBe('started');
    expect(await start({ ...options, transports: { mcpStdio: 'unguarded' } }, ScopedTools)).toBe('started');
  });

  it('end the start with a URI that MCP-Nest cannot match', async () => {
    @McpController()
    class WrongResources {
      @RequireScopes('docs:read')
      @Resource({ uri: 'docs://a?b' })
      read(): object {
        return { contents: [] };
      }
    }
    await expect(start(options, WrongResources, EndpointController)).rejects.toThrow(
      /WrongResources\.read: MCP-Nest cannot match the URI "docs:\/\/a\?b"/,
    );
  });

  it('transports.mcpStdio is "unguarded" or nothing', async () => {
    const transports = { mcpStdio: { tokenFrom: () => null } } as never;
    await expect(start({ ...options, transports })).rejects.toThrow(/"transports\.mcpStdio"/);
  });
});

it('an application without MCP starts as before', async () => {
  @Controller()
  class PlainController {
    @Get()
    get(): string {
      return 'got';
    }
  }
  expect(await start({ audience: identifier }, PlainController)).toBe('started');
});
