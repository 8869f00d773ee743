import { Controller, Get, UseGuards } from '@nestjs/common';
import { JwtAuthGuard, OptionalAuth, Public, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  controllerStarts,
  type RefusedStart,
  type StartController,
} from '../../support/controller-starts.js';

let issuer: TestIssuer;
let start: StartController;
let refused: RefusedStart;
beforeAll(async () => {
  issuer = await startTestIssuer();
  ({ start, refused } = controllerStarts(issuer));
});
afterAll(() => issuer.close());

describe('contradictions over inheritance end the start', () => {
  @RequireScopes('x')
  class RequiringBase {
    @Get('base')
    base(): string {
      return 'base';
    }
  }
  @Public()
  class PublicBase {
    @Get('base')
    base(): string {
      return 'base';
    }
  }

  it.each([
    ['@Public', Public],
    ['@OptionalAuth', OptionalAuth],
  ])('%s on a method of a subclass, under an inherited requirement', async (name, Open) => {
    @Controller()
    class OrdersController extends RequiringBase {
      @Open()
      @Get('open')
      open(): string {
        return 'open';
      }
    }
    expect(await refused(OrdersController)).toBe(
      `OrdersController.open is ${name} and @Require…: it cannot be both`,
    );
    @Controller()
    class GoodController extends RequiringBase {
      @Get('own')
      own(): string {
        return 'own';
      }
    }
    await using api = await start(GoodController);
    for (const path of ['/base', '/own']) {
      expect((await api.get(path)).status).toBe(401);
      expect((await api.get(path, issuer.token({ scope: 'x' }))).status).toBe(200);
    }
  });

  it('@Public on what a mixin copies into a class with a requirement', async () => {
    @Controller()
    @RequireScopes('x')
    class OrdersController {}
    class Mixin {
      @Public()
      @Get('open')
      open(): string {
        return 'open';
      }
    }
    Object.defineProperty(
      OrdersController.prototype,
      'open',
      Object.getOwnPropertyDescriptor(Mixin.prototype, 'open') ?? {},
    );
    expect(await refused(OrdersController)).toMatch(/^OrdersController\.open is @Public and @Require…/);
  });

  it('@Public on an override of a method with a requirement', async () => {
    class Base {
      @RequireScopes('x')
      @Get('orders')
      list(): string {
        return 'orders';
      }
    }
    @Controller()
    class OrdersController extends Base {
      @Public()
      @Get('orders')
      override list(): string {
        return 'orders';
      }
    }
    expect(await refused(OrdersController)).toMatch(/^OrdersController\.list is @Public and @Require…/);
  });

  it('a guard named on a method of a public class, or beside @Public', async () => {
    @Public()
    @Controller()
    class OrdersController {
      @UseGuards(JwtAuthGuard)
      @Get('named')
      named(): string {
        return 'named';
      }
    }
    expect(await refused(OrdersController)).toMatch(
      /^OrdersController\.named is @Public and names JwtAuthGuard/,
    );
    @UseGuards(JwtAuthGuard)
    @Public()
    @Controller()
    class BesideController {
      @Get('beside')
      beside(): string {
        return 'beside';
      }
    }
    expect(await refused(BesideController)).toMatch(/^BesideController is @Public and names JwtAuthGuard/);
    @Controller()
    class MethodController {
      @UseGuards(JwtAuthGuard)
      @Public()
      @Get('beside')
      beside(): string {
        return 'beside';
      }
    }
    expect(await refused(MethodController)).toMatch(/^MethodController\.beside is @Public and names/);
  });

  it('a public base class of handlers that are to be guarded, unless the subclass says it too', async () => {
    @Controller()
    class OrdersController extends PublicBase {
      @Get('own')
      own(): string {
        return 'own';
      }
    }
    expect(await refused(OrdersController, true)).toMatch(
      /^OrdersController\.own is open by the @Public of a base class/,
    );
    @UseGuards(JwtAuthGuard)
    @Controller()
    class GuardedController extends PublicBase {}
    expect(await refused(GuardedController)).toMatch(/^GuardedController is @Public and names JwtAuthGuard/);

    @Public()
    @Controller()
    class OpenController extends PublicBase {
      @Get('own')
      own(): string {
        return 'own';
      }
    }
    await using api = await start(OpenController, { guardEveryRoute: true });
    for (const path of ['/base', '/own']) expect((await api.get(path)).status).toBe(200);
  });
});

describe('a guard made without Nest', () => {
  it('ends the start, wherever it stands', async () => {
    @UseGuards(new JwtAuthGuard())
    @Controller()
    class OrdersController {}
    expect(await refused(OrdersController)).toBe(
      'JwtAuthGuard was made without Nest: name the class, as in @UseGuards(JwtAuthGuard)',
    );
    @Controller()
    class MethodController {
      @UseGuards(new JwtAuthGuard())
      @Get()
      get(): string {
        return 'get';
      }
    }
    expect(await refused(MethodController)).toMatch(/^JwtAuthGuard was made without Nest/);
  });
});

describe('a decorator on what is no method', () => {
  it('is refused and named', () => {
    const build = (decorate: PropertyDecorator) => {
      class OrdersController {
        list = (): string => 'orders';
      }
      decorate(OrdersController.prototype, 'list');
    };
    expect(() => build(RequireScopes('x') as PropertyDecorator)).toThrow(
      new TypeError(
        '@RequireScopes on OrdersController.list: it must stand on a class or on a method of its instances',
      ),
    );
    expect(() => build(Public() as PropertyDecorator)).toThrow(/^@Public on OrdersController\.list/);
    expect(() => {
      class OrdersController {
        @RequireScopes('x')
        static list(): void {}

        get(): void {}
      }
      return OrdersController;
    }).toThrow(TypeError);
  });
});
