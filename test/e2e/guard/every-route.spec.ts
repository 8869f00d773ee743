import { Controller, Get, Module, SetMetadata, UseGuards, type CanActivate, type Type } from '@nestjs/common';
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
  readonly warnings: string[];
  readonly url: string;
  send(pattern: string, data?: unknown): Promise<unknown>;
}

/** An application with a connected microservice on TCP. */
async function connect(module: Type, { inheritAppConfig = false } = {}): Promise<Hybrid> {
  const warnings: string[] = [];
  const logger = { log: () => {}, warn: (line: string) => void warnings.push(line), error: () => {} };
  const app = await NestFactory.create(module, { logger, abortOnError: false });
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
  app.connectMicroservice<MicroserviceOptions>(tcp, { inheritAppConfig });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const client = ClientProxyFactory.create(tcp);
  return {
    warnings,
    url: await app.getUrl(),
    send: (pattern, data = {}) =>
      new Promise((resolve, reject) =>
        client.send(pattern, data).subscribe({ next: resolve, error: reject }),
      ),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await app.close();
    },
  };
}

describe.each([false, true])('guardEveryRoute, with inheritAppConfig: %s', (inheritAppConfig) => {
  it('refuses the handlers of a connected microservice, but for the public ones, and says so at start', async () => {
    await using api = await connect(moduleOf(true), { inheritAppConfig });
    await expect(api.send('closed')).rejects.toMatchObject({ status: 'error' });
    await expect(api.send('open', { user: { sub: 'admin' } })).resolves.toEqual({ user: null });
    expect(api.warnings).toContain(
      'guardEveryRoute refuses what is not called over HTTP, unless it is @Public: OrdersController.closed',
    );
    const headers = { authorization: `Bearer ${issuer.token()}` };
    expect((await fetch(`${api.url}/orders`)).status).toBe(401);
    expect((await fetch(`${api.url}/orders`, { headers })).status).toBe(200);
  });
});

describe('guardEveryRoute', () => {
  it('leaves handlers of messages to the guards that stand there, and says so at start', async () => {
    await using api = await connect(moduleOf(true));
    await expect(api.send('own')).resolves.toBe('own');
    await expect(api.send('nobody')).rejects.toMatchObject({ status: 'error' });
    expect(api.warnings).toContain(
      'guardEveryRoute leaves what is not called over HTTP to the guards that stand there: OwnGuardController.own, OwnGuardController.nobody',
    );
  });

  it('concerns one application: another one with the same classes stays as it is', async () => {
    await using guarded = await connect(moduleOf(true));
    await using open = await connect(moduleOf(false));
    await expect(open.send('closed')).resolves.toBe('closed');
    await expect(guarded.send('closed')).rejects.toMatchObject({ status: 'error' });
    expect(open.warnings).toEqual([]);
    await using again = await connect(moduleOf(true));
    await expect(again.send('closed')).rejects.toMatchObject({ status: 'error' });
  });

  it('names the handlers of a gateway, which Nest 11 would leave open', async () => {
    @SetMetadata('websockets:is_gateway', true)
    class OrdersGateway {
      @SetMetadata('websockets:message_mapping', true)
      closed(): string {
        return 'closed';
      }
    }
    const options = { issuer: issuer.issuer, audience: issuer.audience, guardEveryRoute: true };
    @Module({ imports: [AuthModule.forRoot(options)], providers: [OrdersGateway] })
    class AppModule {}
    const warnings: string[] = [];
    const logger = { log: () => {}, warn: (line: string) => void warnings.push(line), error: () => {} };
    const app = await NestFactory.createApplicationContext(AppModule, { logger });
    expect(warnings).toContain(
      'guardEveryRoute refuses what is not called over HTTP, unless it is @Public: OrdersGateway.closed',
    );
    await app.close();
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
