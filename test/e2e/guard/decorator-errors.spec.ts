import { Controller, Get } from '@nestjs/common';
import { OptionalAuth, Public, RequirePermissions, RequireRoles, RequireScopes } from 'nestjs-jwks-auth';
import { describe, expect, it } from 'vitest';

describe('contradicting decorators', () => {
  it('refuses @Public beside @RequireScopes on a method, in either order, and names the handler', () => {
    expect(() => {
      class OrdersController {
        @Public()
        @RequireScopes('a')
        list(): void {}
      }
      return OrdersController;
    }).toThrow(new TypeError('OrdersController.list is @Public and @Require…: it cannot be both'));
    expect(() => {
      class OrdersController {
        @RequireScopes('a')
        @Public()
        list(): void {}
      }
      return OrdersController;
    }).toThrow(/^OrdersController\.list is @Public/);
  });

  it('refuses @OptionalAuth under a class that requires a role', () => {
    expect(() => {
      @RequireRoles('admin')
      @Controller()
      class OrdersController {
        @OptionalAuth()
        @Get()
        list(): void {}
      }
      return OrdersController;
    }).toThrow(/^OrdersController\.list is @OptionalAuth/);
  });

  it('refuses an inherited @Public handler under a class that requires a scope', () => {
    class Base {
      @Public()
      @Get()
      list(): void {}
    }
    expect(() => {
      @RequireScopes('a')
      class OrdersController extends Base {}
      return OrdersController;
    }).toThrow(/^OrdersController\.list is @Public/);
  });

  it('refuses @Public and @Require… on one class', () => {
    expect(() => {
      @Public()
      @RequirePermissions('a')
      class OrdersController {}
      return OrdersController;
    }).toThrow(/^OrdersController is @Public/);
  });

  it('accepts @Require… on a method of a @Public class', () => {
    expect(() => {
      @Public()
      class OrdersController {
        @RequireScopes('a')
        list(): void {}
      }
      return OrdersController;
    }).not.toThrow();
  });

  it('refuses requirements that are empty, or no scope, and names the handler', () => {
    const on = (decorator: MethodDecorator) => () => {
      class OrdersController {
        @decorator
        list(): void {}
      }
      return OrdersController;
    };
    expect(on(RequireScopes())).toThrow(TypeError);
    expect(on(RequireRoles())).toThrow(TypeError);
    expect(on(RequirePermissions(''))).toThrow(/^OrdersController\.list: @RequirePermissions needs/);
    expect(on(RequireScopes('a b'))).toThrow('"a b" is not one scope');
    expect(on(RequireScopes('read:orders'))).not.toThrow();
  });
});
