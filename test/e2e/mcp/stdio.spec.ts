import type { ExecutionContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { McpContext, McpController, Tool } from '@rekog/mcp-nest';
import { AuthModule, JwtAuthGuard, RequireScopes, type TransportsOptions } from 'nestjs-jwks-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { McpEndpoint } from 'nestjs-jwks-auth';
import { Controller, Post } from '@nestjs/common';

@McpController()
class Tools {
  @RequireScopes('files:delete')
  @Tool({ name: 'delete', description: 'deletes' })
  delete(): string {
    return 'deleted';
  }
}

@McpEndpoint()
@Controller('mcp')
class EndpointController {
  @Post()
  post(): string {
    return 'called';
  }
}

/** What the guard says of a call of `delete` that comes in over stdio. */
async function callOverStdio(transports: TransportsOptions): Promise<unknown> {
  const auth = AuthModule.forRoot({
    issuer: 'https://login.example.com',
    resource: { identifier: 'https://api.example.com/mcp' },
    keys: { bootstrap: 'background' },
    transports,
  });
  const module = await Test.createTestingModule({
    imports: [auth],
    controllers: [Tools, EndpointController],
  }).compile();
  onTestFinished(() => module.close());
  const mcp = new McpContext([{} as never, {} as never, { transport: 'stdio', stateless: false }, undefined]);
  const context = {
    getType: () => 'rpc',
    getArgs: () => [{}, mcp],
    getHandler: () => Tools.prototype.delete,
    getClass: () => Tools,
  } as unknown as ExecutionContext;
  return module.get(JwtAuthGuard).canActivate(context);
}

describe('a call over stdio', () => {
  it('is refused', async () => {
    await expect(callOverStdio({})).rejects.toMatchObject({ error: { code: 'missing_token' } });
  });

  it('passes with the option, whatever its handler requires', async () => {
    expect(await callOverStdio({ mcpStdio: 'unguarded' })).toBe(true);
  });

  it('is not let through by the option for rpc', async () => {
    await expect(callOverStdio({ rpc: 'unguarded' })).rejects.toMatchObject({
      error: { code: 'missing_token' },
    });
  });
});
