import { Controller, HttpException, Module, UseGuards, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Transport,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import {
  AuthModule,
  CurrentUser,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireScopes,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { isInstalled } from '../../support/installed.js';
import { RedisServer } from '../../support/redis-server.js';

let calls = 0;
let events: string[] = [];

@Controller()
class OrdersController {
  @UseGuards(JwtAuthGuard)
  @MessagePattern('me')
  me(_data: unknown, @CurrentUser('sub') sub: string): string {
    calls += 1;
    return sub;
  }

  @RequireScopes('orders:read')
  @MessagePattern('scoped')
  scoped(_data: unknown): string {
    calls += 1;
    return 'scoped';
  }

  @Public()
  @MessagePattern('open')
  open(_data: unknown): string {
    return 'open';
  }

  @OptionalAuth()
  @MessagePattern('optional')
  optional(_data: unknown, @CurrentUser('sub') sub: string | undefined): string {
    return sub ?? 'anonymous';
  }

  @UseGuards(JwtAuthGuard)
  @EventPattern('placed')
  placed(@CurrentUser('sub') sub: string): void {
    events.push(sub);
  }
}

type Server = Extract<MicroserviceOptions, { transport?: Transport.TCP | Transport.REDIS }>;

interface Messages extends AsyncDisposable {
  send(pattern: string, token?: string, data?: object): Promise<unknown>;
  emit(pattern: string, token?: string): Promise<unknown>;
}

let issuer: TestIssuer;
let redis: RedisServer | undefined;
const hasRedis = isInstalled('redis-server');

beforeAll(async () => {
  issuer = await startTestIssuer();
  redis = hasRedis ? await RedisServer.start() : undefined;
});
beforeEach(() => {
  calls = 0;
  events = [];
});
afterAll(async () => {
  await redis?.kill();
  await issuer.close();
});

const SERVERS: [string, () => Promise<Server>][] = [
  ['TCP', async () => ({ transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } })],
  [
    'Redis',
    async () => ({ transport: Transport.REDIS, options: { host: '127.0.0.1', port: redis?.port ?? 0 } }),
  ],
];

async function start(server: Server, options: Partial<AuthOptions> = {}): Promise<Messages> {
  @Module({
    imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, ...options })],
    controllers: [OrdersController],
  })
  class AppModule {}
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    ...server,
    logger: false,
  });
  await app.listen();
  const client = ClientProxyFactory.create(server as never) as unknown as ClientProxy;
  let token: string | undefined;
  client.setOnDispatchHook((packet) => {
    if (token !== undefined) Object.assign(packet, { metadata: { authorization: `Bearer ${token}` } });
  });
  await client.connect();
  return {
    send: (pattern, given, data = {}) => {
      token = given;
      return lastValueFrom(client.send(pattern, data));
    },
    emit: (pattern, given) => {
      token = given;
      return lastValueFrom(client.emit(pattern, {}), { defaultValue: undefined });
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await app.close();
    },
  };
}

describe.each(SERVERS.filter(([name]) => name === 'TCP' || hasRedis))('messages over %s', (_, server) => {
  it('are answered with a good token, whose user is that of @CurrentUser', async () => {
    let validations = 0;
    await using api = await start(await server(), {
      validate: (claims, { transport }) => {
        validations += 1;
        return { sub: `${claims.sub} over ${transport}` };
      },
    });
    await expect(api.send('me', issuer.token({ sub: 'ada' }))).resolves.toBe('ada over rpc');
    expect(validations).toBe(1);
    // Each message is authenticated anew.
    await expect(api.send('me', issuer.token({ sub: 'eve' }))).resolves.toBe('eve over rpc');
    expect(validations).toBe(2);
  });

  it.each([
    ['me', 'missing_token', () => undefined],
    ['me', 'expired', () => issuer.token({ exp: Math.floor(Date.now() / 1_000) - 60 })],
    ['me', 'bad_signature', () => `${issuer.token().slice(0, -8)}AAAAAAAA`],
    ['me', 'bad_signature', () => issuer.badTokens()['unknown kid']],
    ['me', 'wrong_audience', () => issuer.token({ aud: 'other' })],
    ['me', 'malformed_request', () => `${issuer.token()}, Bearer ${issuer.token()}`],
    ['scoped', 'insufficient_scope', () => issuer.token()],
    ['optional', 'wrong_audience', () => issuer.token({ aud: 'other' })],
  ])('to %s are refused (%s) with status, code and message', async (pattern, code, token) => {
    await using api = await start(await server());
    await expect(api.send(pattern, token())).rejects.toEqual({
      status: 'error',
      code,
      message: expect.stringMatching(/^The /) as unknown,
    });
    expect(calls).toBe(0);
    const good = issuer.token({ sub: pattern, scope: 'orders:read' });
    await expect(api.send(pattern, good)).resolves.toBe(pattern === 'scoped' ? 'scoped' : pattern);
  });

  it('are answered without a token where that is declared', async () => {
    await using api = await start(await server());
    await expect(api.send('open', 'bad', { user: { sub: 'eve' } })).resolves.toBe('open');
    await expect(api.send('optional', undefined, { user: { sub: 'eve' } })).resolves.toBe('anonymous');
    await expect(api.send('optional', issuer.token({ sub: 'ada' }))).resolves.toBe('ada');
  });

  it('are refused while the issuer is away, the public ones answered', async () => {
    await using away = await startTestIssuer();
    away.fault({ status: 500 }, { on: 'all' });
    await using api = await start(await server(), {
      issuer: away.issuer,
      audience: away.audience,
      keys: { bootstrap: 'background' },
    });
    await expect(api.send('me', away.token())).rejects.toMatchObject({ code: 'keys_unavailable' });
    await expect(api.send('open')).resolves.toBe('open');
  });

  it('that are events are dropped without a good token', async () => {
    await using api = await start(await server());
    await api.emit('placed');
    await api.emit('placed', 'bad');
    await api.emit('placed', issuer.token({ sub: 'ada' }));
    await expect.poll(() => events).toEqual(['ada']);
  });

  it('of which a thousand are refused leave the process as it was', async () => {
    await using api = await start(await server());
    const codes = await Promise.all(
      Array.from({ length: 1_000 }, () => api.send('me').catch((error: { code: string }) => error.code)),
    );
    expect(new Set(codes)).toEqual(new Set(['missing_token']));
    await Promise.all(Array.from({ length: 1_000 }, () => api.emit('placed')));
    await expect(api.send('me', issuer.token({ sub: 'ada' }))).resolves.toBe('ada');
    expect(events).toEqual([]);
  });

  it('have their token where the option says, and nowhere else then', async () => {
    const tokenFrom = (context: ExecutionContext) =>
      context.switchToRpc().getData<{ token?: string }>().token ?? null;
    await using api = await start(await server(), { transports: { rpc: { tokenFrom } } });
    await expect(api.send('me', undefined, { token: issuer.token({ sub: 'ada' }) })).resolves.toBe('ada');
    await expect(api.send('me', issuer.token())).rejects.toMatchObject({ code: 'missing_token' });
    await expect(api.send('open')).resolves.toBe('open');
  });
});

it('an HttpException of validate is not explained to the client', async () => {
  const [, tcp] = SERVERS[0] as (typeof SERVERS)[number];
  await using api = await start(await tcp(), {
    validate: ({ sub }) => {
      if (sub === 'eve') throw new HttpException('blocked: eve', 403);
      return sub === 'mallory' ? undefined : { sub };
    },
  });
  await expect(api.send('me', issuer.token({ sub: 'eve' }))).rejects.toEqual({
    status: 'error',
    message: 'Internal server error',
  });
  await expect(api.send('me', issuer.token({ sub: 'mallory' }))).rejects.toMatchObject({
    code: 'user_rejected',
  });
  await expect(api.send('me', issuer.token({ sub: 'ada' }))).resolves.toBe('ada');
});
