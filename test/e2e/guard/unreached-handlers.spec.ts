import { Controller, Module, SetMetadata, UseGuards } from '@nestjs/common';
import { GrpcStreamCall } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthModule, JwtAuthGuard, Public, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controllerStarts, type RefusedStart } from '../../support/controller-starts.js';
import { listen } from '../../support/guarded-app.js';

let issuer: TestIssuer;
let refused: RefusedStart;
beforeAll(async () => {
  issuer = await startTestIssuer();
  ({ refused } = controllerStarts(issuer));
});
afterAll(() => issuer.close());

describe('a handler that no guard protects ends the start', () => {
  it('as a field in one of several graphs that guards do not reach', async () => {
    class OrdersResolver {
      @RequireScopes('x')
      @SetMetadata('graphql:resolve_property', true)
      total(): number {
        return 1;
      }
    }
    @Module({ providers: [OrdersResolver] })
    class OrdersModule {}
    @Module({ imports: [OrdersModule] })
    class ShopModule {}
    @Module({})
    class OtherModule {}
    const startWith = (...graphs: object[]) => {
      const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience });
      const modules = graphs.map((useValue) => {
        @Module({ providers: [{ provide: 'GqlModuleOptions', useValue }] })
        class GraphModule {
          readonly options = useValue;
        }
        return GraphModule;
      });
      @Module({ imports: [auth, ShopModule, OtherModule, ...modules] })
      class AppModule {}
      return listen(AppModule);
    };
    const guarded = { include: [ShopModule], fieldResolverEnhancers: ['guards'] };
    await (await startWith(guarded, { include: [OtherModule] })).app.close();
    for (const open of [{}, { include: [] }, { include: [OrdersModule] }])
      await expect(startWith(guarded, open)).rejects.toThrow(/^OrdersResolver\.total is a field resolver/);
  });

  it.each(['afterInit', 'handleConnection', 'handleDisconnect'] as const)(
    'as %s of a gateway',
    async (name) => {
      @WebSocketGateway()
      class OrdersGateway {
        [name](): void {}

        @RequireScopes('x')
        @SubscribeMessage('list')
        list(): string {
          return 'list';
        }
      }
      const startWithGateway = () => {
        const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience });
        @Module({ imports: [auth], providers: [OrdersGateway] })
        class AppModule {}
        return listen(AppModule);
      };
      await (await startWithGateway()).app.close();
      const { prototype } = OrdersGateway;
      RequireScopes('x')(
        prototype,
        name,
        Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor,
      );
      await expect(startWithGateway()).rejects.toThrow(
        new RegExp(`^OrdersGateway\\.${name} is called by Nest for a connection`),
      );
    },
  );

  it.each([
    ['@RequireScopes', RequireScopes('x')],
    ['@UseGuards', UseGuards(JwtAuthGuard)],
  ])('as a stream of gRPC whose class has %s', async (_, decorator) => {
    @decorator
    @Controller()
    class OrdersController {
      @GrpcStreamCall('Orders', 'Watch')
      watch(): void {}
    }
    expect(await refused(OrdersController)).toMatch(/^OrdersController\.watch is a @GrpcStreamCall/);
  });

  it('but not as a stream that is public', async () => {
    @UseGuards(JwtAuthGuard)
    @Controller()
    class OrdersController {
      @Public()
      @GrpcStreamCall('Orders', 'Watch')
      watch(): void {}
    }
    expect(await refused(OrdersController)).toBe('started');
  });
});
