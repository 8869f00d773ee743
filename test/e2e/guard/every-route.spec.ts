import { Controller, Get, Module, UseGuards, type CanActivate, type Type } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import {
  ClientProxyFactory,
  GrpcStreamCall,
  MessagePattern,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { AuthModule, CurrentUser, Public } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { listen } from '../../support/guarded-app.js';

const everyone: CanActivate = { canActivate: () => true };
const nobody: CanActivate = { canActivate: () => false };

@Controller()
class OrdersController {
  @Get('orders')
  @MessagePattern('closed')
  closed(): string {
    return 'closed';
  }

  @Public()
  @MessagePattern('open')
  open(@CurrentUser() user: unknown): unknown {
    return { user: user ?? null };
  }
}

@Controller()
class OwnGuardController {
  @UseGuards(everyone)
  @MessagePattern('own')
  own(): string {
    return 'own';
  }

  @UseGuards(nobody)
  @MessagePattern('nobody')
  nobody(): string {
    return 'nobody';
  }
}

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

function moduleOf(
  guardEveryRoute: boolean,
  controllers: Type[] = [OrdersController, OwnGuardController],
): Type {
  const options = { issuer: issuer.issuer, audience: issuer.audience, guardEveryRoute };
  @Module({ imports: [AuthModule.forRoot(options)], controllers })
  class AppModule {}
  return AppModule;
}

interface Hybrid extends AsyncDisposable {
  readonly url: string;
  /** Sends a message, with metadata beside its data. */
  send(pattern: string, data?: unknown, metadata?: Record<string, string>): Promise<unknown>;
}

/** An application with a connected microservice on TCP. */
async function connect(module: Type, { inheritAppConfig = false } = {}): Promise<Hybrid> {
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
  app.connectMicroservice<MicroserviceOptions>(tcp, { inheritAppConfig });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const client = ClientProxyFactory.create(tcp);
  let beside: Record<string, string> = {};
  client.setOnDispatchHook((packet) => void Object.assign(packet, { metadata: beside }));
  return {
    url: await app.getUrl(),
    send: (pattern, data = {}, metadata = {}) => {
      beside = metadata;
      return new Promise((resolve, reject) =>
        client.send(pattern, data).subscribe({ next: resolve, error: reject }),
      );
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await app.close();
    },
  };
}

describe.each([false, true])('guardEveryRoute, with inheritAppConfig: %s', (inheritAppConfig) => {
  it('guards the handlers of a connected microservice, but for the public ones', async () => {
    await using api = await connect(moduleOf(true), { inheritAppConfig });
    const authorization = `Bearer ${issuer.token()}`;
    await expect(api.send('closed')).rejects.toEqual({
      status: 'error',
      code: 'missing_token',
      message: 'The request carries no bearer token',
    });
    await expect(api.send('closed', {}, { authorization })).resolves.toBe('closed');
    await expect(api.send('open', { user: { sub: 'admin' } })).resolves.toEqual({ user: null });
    const headers = { authorization };
    expect((await fetch(`${api.url}/orders`)).status).toBe(401);
    expect((await fetch(`${api.url}/orders`, { headers })).status).toBe(200);
  });
});

describe('guardEveryRoute', () => {
  it('stands beside the guards of a handler', async () => {
    await using api = await connect(moduleOf(true));
    const metadata = { authorization: `Bearer ${issuer.token()}` };
    await expect(api.send('own')).rejects.toMatchObject({ code: 'missing_token' });
    await expect(api.send('own', {}, metadata)).resolves.toBe('own');
    await expect(api.send('nobody', {}, metadata)).rejects.toMatchObject({ message: 'Forbidden resource' });
  });

  it('concerns one application: another one with the same classes stays as it is', async () => {
    await using guarded = await connect(moduleOf(true));
    await using open = await connect(moduleOf(false));
    await expect(open.send('closed')).resolves.toBe('closed');
    await expect(guarded.send('closed')).rejects.toMatchObject({ status: 'error' });
    await using again = await connect(moduleOf(true));
    await expect(again.send('closed')).rejects.toMatchObject({ status: 'error' });
  });

  it('ends the start for a stream of gRPC, whose refusal would end the process', async () => {
    @Controller()
    class StreamController {
      @GrpcStreamCall('Orders', 'Watch')
      watch(): void {}
    }
    await expect(listen(moduleOf(true, [StreamController]))).rejects.toThrow(
      /^StreamController\.watch is a @GrpcStreamCall/,
    );
    await using _ = await listen(moduleOf(false, [StreamController]));
  });

  it('never starts where its guard would be one for each request', async () => {
    const given = { issuer: issuer.issuer, audience: issuer.audience };
    const auth = AuthModule.forRootAsync({
      guardEveryRoute: true,
      inject: [REQUEST],
      useFactory: () => given,
    });
    @Module({ imports: [auth], controllers: [OrdersController] })
    class AppModule {}
    await expect(listen(AppModule)).rejects.toThrow(TypeError);
    await using api = await listen(moduleOf(true));
    expect((await api.get('/orders')).status).toBe(401);
  });
});
