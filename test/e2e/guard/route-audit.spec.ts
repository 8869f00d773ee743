import {
  Controller,
  Get,
  Injectable,
  Module,
  Scope,
  SetMetadata,
  UseGuards,
  type Type,
} from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall, MessagePattern } from '@nestjs/microservices';
import { AuthModule, JwtAuthGuard, OptionalAuth, RequireRoles, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  controllerStarts,
  type RefusedStart,
  type StartController,
} from '../../support/controller-starts.js';
import { ADAPTERS, listen } from '../../support/guarded-app.js';

type Handler = (...args: unknown[]) => unknown;

/** A decorator that puts another function in the place of the method, as many do. */
const Wrap =
  ({ keepsMetadata = false } = {}): MethodDecorator =>
  (_target, _name, descriptor) => {
    const wrapped = descriptor.value as Handler;
    const wrapper: Handler = function wrapper(this: unknown, ...args) {
      return wrapped.apply(this, args);
    };
    for (const key of keepsMetadata ? Reflect.getMetadataKeys(wrapped) : [])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, wrapped), wrapper);
    descriptor.value = wrapper as never;
  };

/** Wraps each method that is read from an instance. */
const wrapsWhatIsRead: ProxyHandler<object> = {
  get: (target, name, receiver) => {
    const value = Reflect.get(target, name, receiver) as unknown;
    return typeof value === 'function' && name !== 'constructor' ? value.bind(target) : value;
  },
};

let issuer: TestIssuer;
let start: StartController;
let refused: RefusedStart;
beforeAll(async () => {
  issuer = await startTestIssuer();
  ({ start, refused } = controllerStarts(issuer));
});
afterAll(() => issuer.close());

/** Builds a controller whose one route needs a scope, in one of many ways. */
const WRAPPED: Record<string, () => Type> = {
  'a decorator above it': () => {
    @Controller()
    class OrdersController {
      @Get('orders')
      @Wrap()
      @RequireScopes('x')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  'a decorator between two requirements': () => {
    @Controller()
    class OrdersController {
      @Get('orders')
      @RequireRoles('admin')
      @Wrap()
      @RequireScopes('x')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  'bind in the constructor': () => {
    @Controller()
    class OrdersController {
      constructor() {
        this.list = this.list.bind(this);
      }

      @RequireScopes('x')
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  'bind in the constructor, over @UseGuards': () => {
    @Controller()
    class OrdersController {
      constructor() {
        this.list = this.list.bind(this);
      }

      @UseGuards(JwtAuthGuard)
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  'a proxy of the instance': () => {
    @Controller()
    class OrdersController {
      constructor() {
        // oxlint-disable-next-line no-constructor-return
        return new Proxy(this, wrapsWhatIsRead) as this;
      }

      @RequireScopes('x')
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  'a proxy of the method': () => {
    @Controller()
    class OrdersController {
      constructor() {
        this.list = new Proxy(this.list, {});
      }

      @RequireScopes('x')
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  'a class decorator that wraps the methods': () => {
    const WrapAll: ClassDecorator = ({ prototype }) => {
      const { list } = prototype as { list: Handler };
      const wrapper: Handler = () => list();
      for (const key of ['path', 'method'])
        Reflect.defineMetadata(key, Reflect.getMetadata(key, list), wrapper);
      Object.assign(prototype as object, { list: wrapper });
    };
    @WrapAll
    @Controller()
    class OrdersController {
      @RequireScopes('x')
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  'an override without decorators of ours': () => {
    class Base {
      @RequireScopes('x')
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    @Controller()
    class OrdersController extends Base {
      @Get('orders')
      override list(): string {
        return super.list();
      }
    }
    return OrdersController;
  },
  'the handler of a message': () => {
    @Controller()
    class OrdersController {
      @MessagePattern('orders')
      @Wrap()
      @RequireScopes('x')
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
  '@OptionalAuth': () => {
    @Controller()
    class OrdersController {
      @Get('orders')
      @Wrap()
      @OptionalAuth()
      list(): string {
        return 'orders';
      }
    }
    return OrdersController;
  },
};

describe('a requirement that would not hold ends the start, and names the handler', () => {
  it.each(Object.entries(WRAPPED))('%s', async (_, build) => {
    expect(await refused(build())).toMatch(/^OrdersController\.list /);
  });

  it('in a provider too, as resolvers and gateways are', async () => {
    @Injectable()
    class OrdersResolver {
      @SetMetadata('graphql:resolver_type', 'Query')
      @Wrap()
      @RequireScopes('x')
      orders(): string {
        return 'orders';
      }
    }
    const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience });
    @Module({ imports: [auth], providers: [OrdersResolver] })
    class AppModule {}
    await expect(listen(AppModule)).rejects.toThrow(/^OrdersResolver\.orders would be called without/);
  });

  it('of a class behind a proxy', async () => {
    const Wrapped: ClassDecorator = (target) => new Proxy(target, {}) as never;
    @Controller()
    @Wrapped
    @RequireScopes('x')
    class OrdersController {
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    expect(await refused(OrdersController)).toMatch(/^OrdersController would be called without/);
  });

  it('of a class whose prototype another class took over', async () => {
    const Replaced: ClassDecorator = ({ prototype }) => {
      const OrdersReplaced = function () {};
      OrdersReplaced.prototype = Object.assign(prototype as object, { constructor: OrdersReplaced });
      return OrdersReplaced as never;
    };
    @Controller()
    @Replaced
    @RequireScopes('x')
    class OrdersController {
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    expect(await refused(OrdersController)).toMatch(/^OrdersReplaced would be called without/);
  });

  it('of a field resolver that no guard reaches, unless GraphQL is told to', async () => {
    @Controller()
    class OrdersResolver {
      @SetMetadata('graphql:resolve_property', true)
      @RequireScopes('x')
      total(): string {
        return 'total';
      }
    }
    expect(await refused(OrdersResolver)).toMatch(/^OrdersResolver\.total is a field resolver/);
    const options = { provide: 'GqlModuleOptions', useValue: { fieldResolverEnhancers: ['guards'] } };
    const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience });
    @Module({ imports: [auth], controllers: [OrdersResolver], providers: [options] })
    class AppModule {}
    await using _ = await listen(AppModule);
  });

  it('of a stream of gRPC whose refusal would end the process', async () => {
    @Controller()
    class OrdersController {
      @RequireScopes('x')
      @GrpcStreamCall('Orders', 'Watch')
      watch(): void {}

      @RequireScopes('x')
      @GrpcMethod('Orders', 'List')
      list(): void {}
    }
    expect(await refused(OrdersController)).toMatch(/^OrdersController\.watch is a @GrpcStreamCall/);
  });
});

describe.each(ADAPTERS)('on %s', (adapter) => {
  it('a requirement holds for a method that is wrapped below it, or with its metadata', async () => {
    @Controller()
    class OrdersController {
      @Get('below')
      @RequireScopes('x')
      @Wrap()
      below(): string {
        return 'below';
      }

      @Get('with')
      @Wrap({ keepsMetadata: true })
      @RequireScopes('x')
      with(): string {
        return 'with';
      }
    }
    await using api = await start(OrdersController, { adapter });
    for (const path of ['/below', '/with']) {
      expect((await api.get(path)).status).toBe(401);
      expect((await api.get(path, issuer.token())).status).toBe(403);
      expect((await api.get(path, issuer.token({ scope: 'x' }))).status).toBe(200);
    }
  });

  it('a controller for each request refuses what its constructor put in the place of a handler', async () => {
    @Controller({ scope: Scope.REQUEST })
    class OrdersController {
      constructor() {
        this.bound = this.bound.bind(this);
      }

      @RequireScopes('x')
      @Get('bound')
      bound(): string {
        return 'bound';
      }

      @RequireScopes('x')
      @Get('plain')
      plain(): string {
        return 'plain';
      }
    }
    await using api = await start(OrdersController, { adapter });
    const token = issuer.token({ scope: 'x' });
    expect((await api.get('/bound')).status).toBe(500);
    expect((await api.get('/bound', token)).status).toBe(500);
    expect((await api.get('/plain')).status).toBe(401);
    expect((await api.get('/plain', token)).status).toBe(200);
  });
});
