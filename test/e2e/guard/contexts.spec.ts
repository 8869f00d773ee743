import {
  Controller,
  createParamDecorator,
  Get,
  Module,
  SetMetadata,
  UseGuards,
  type ExecutionContext,
} from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ExternalContextCreator, NestFactory } from '@nestjs/core';
import { RouteParamsFactory } from '@nestjs/core/router/route-params-factory.js';
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import {
  AuthModule,
  CurrentUser,
  JwtAuthGuard,
  Public,
  RequireScopes,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';

let calls = 0;

@Controller()
class MathController {
  @UseGuards(JwtAuthGuard)
  @MessagePattern('guarded')
  guarded(): string {
    calls += 1;
    return 'guarded';
  }

  @MessagePattern('open')
  open(): string {
    return 'open';
  }

  @UseGuards(JwtAuthGuard)
  @Get()
  get(): string {
    return 'http';
  }
}

it('refuses a message without a token, beside an HTTP route and an open handler', async () => {
  await using issuer = await startTestIssuer();
  @Module({
    imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
    controllers: [MathController],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
  app.connectMicroservice<MicroserviceOptions>(tcp);
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const client = ClientProxyFactory.create(tcp);
  const send = (pattern: string) =>
    new Promise((resolve, reject) => client.send(pattern, {}).subscribe({ next: resolve, error: reject }));

  await expect(send('guarded')).rejects.toMatchObject({ status: 'error', code: 'missing_token' });
  expect(calls).toBe(0);
  await expect(send('open')).resolves.toBe('open');
  const headers = { authorization: `Bearer ${issuer.token()}` };
  expect((await fetch(await app.getUrl(), { headers })).status).toBe(200);

  await client.close();
  await app.close();
});

/** What a library such as @golevelup/nestjs-rabbitmq calls its handlers with. */
describe('a type of context that is not known', () => {
  const Rabbit = createParamDecorator(() => undefined);

  class OrdersHandler {
    @UseGuards(JwtAuthGuard)
    @SetMetadata('rabbit', true)
    guarded(@Rabbit() _payload: unknown, @CurrentUser('sub') sub: unknown): unknown {
      return sub ?? 'anonymous';
    }

    @RequireScopes('orders:write')
    @SetMetadata('rabbit', true)
    scoped(): string {
      return 'scoped';
    }

    @Public()
    @SetMetadata('rabbit', true)
    open(): string {
      return 'open';
    }
  }

  async function handlers(issuer: TestIssuer, options: Partial<AuthOptions>) {
    @Module({
      imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, ...options })],
      providers: [OrdersHandler],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const instance = app.get(OrdersHandler);
    const creator = app.get(ExternalContextCreator);
    const bound = (name: 'guarded' | 'scoped' | 'open') =>
      creator.create(
        instance,
        instance[name] as never,
        name,
        ROUTE_ARGS_METADATA,
        new RouteParamsFactory(),
        undefined,
        undefined,
        undefined,
        'rmq',
      );
    return {
      call: async (name: 'guarded' | 'scoped' | 'open', token?: string): Promise<unknown> =>
        bound(name)({ payload: true }, { fields: {} }, { authorization: token }),
      [Symbol.asyncDispose]: () => app.close(),
    };
  }

  it('is refused with an error that names the handler and the option', async () => {
    await using issuer = await startTestIssuer();
    await using rabbit = await handlers(issuer, {});
    await expect(rabbit.call('guarded', issuer.token())).rejects.toThrow(
      'JwtAuthGuard cannot read the token of OrdersHandler.guarded, which is called over "rmq": set the option transports.rmq',
    );
    await expect(rabbit.call('open')).resolves.toBe('open');
  });

  it('is guarded by an option that takes the token', async () => {
    await using issuer = await startTestIssuer();
    const tokenFrom = (context: ExecutionContext) =>
      context.getArgByIndex<{ authorization?: string }>(2).authorization ?? null;
    await using rabbit = await handlers(issuer, { transports: { rmq: { tokenFrom } } });
    await expect(rabbit.call('guarded')).rejects.toMatchObject({
      message: 'The request carries no bearer token',
    });
    await expect(rabbit.call('guarded', issuer.token({ sub: 'ada' }))).resolves.toBe('ada');
    await expect(rabbit.call('scoped', issuer.token())).rejects.toMatchObject({
      response: { code: 'insufficient_scope' },
    });
    await expect(rabbit.call('scoped', issuer.token({ scope: 'orders:write' }))).resolves.toBe('scoped');
  });

  it('is let through where an option says so, but for what a handler requires', async () => {
    await using issuer = await startTestIssuer();
    await using rabbit = await handlers(issuer, { transports: { rmq: 'unguarded' } });
    await expect(rabbit.call('guarded')).resolves.toBe('anonymous');
    await expect(rabbit.call('scoped', issuer.token({ scope: 'orders:write' }))).rejects.toThrow(
      'set the option transports.rmq',
    );
  });
});
