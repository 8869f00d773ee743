import { Controller, Get, Inject, Injectable, Module, Optional, UseGuards, type Type } from '@nestjs/common';
import {
  AuthModule,
  equals,
  includes,
  JwtAuthGuard,
  oneOf,
  OptionalAuth,
  Public,
  RequireAnyScope,
  RequireAudience,
  RequireAuthentication,
  RequireClaims,
  RequireClient,
  RequireIssuer,
  RequirePermissions,
  RequirePolicy,
  RequireRoles,
  RequireScopes,
  RequireUser,
  type AccessPolicy,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../../support/guarded-app.js';

type Decorator = ClassDecorator & MethodDecorator;
const any = (value: unknown) => value as never;

@Injectable()
class GoodPolicy implements AccessPolicy {
  allows(): boolean {
    return true;
  }
}

@Injectable()
class Shapeless {}

class Missing implements AccessPolicy {
  allows(): boolean {
    return true;
  }
}

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

const start = async (controller: Type, providers: Type[] = [GoodPolicy, Shapeless]) => {
  @Module({
    imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: ['a', 'b'], furtherAudiences: ['c'] })],
    controllers: [controller],
    providers,
  })
  class AppModule {}
  const app = await listen(AppModule);
  await app.app.close();
};

/** A controller with these decorators on its class and its one handler, started. */
async function startWith(onMethod: readonly (() => Decorator)[], onClass: readonly (() => Decorator)[] = []) {
  class OrdersController {
    list(): string {
      return 'list';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(
    OrdersController.prototype,
    'list',
  ) as PropertyDescriptor;
  Get()(OrdersController.prototype, 'list', descriptor);
  for (const decorator of onMethod) decorator()(OrdersController.prototype, 'list', descriptor);
  for (const decorator of onClass) decorator()(OrdersController);
  Controller('orders')(OrdersController);
  await start(OrdersController);
}

const EMPTY_OR_WRONG: [string, () => Decorator][] = [
  ['@RequireScopes without a scope', () => RequireScopes()],
  ['@RequireScopes with two in one', () => RequireScopes('a b')],
  ['@RequirePermissions with an empty string', () => RequirePermissions('a', '')],
  ['@RequireRoles without a role', () => RequireRoles()],
  ['@RequireAnyScope without a scope', () => RequireAnyScope()],
  ['@RequireAnyScope with two in one', () => RequireAnyScope('a', 'b c')],
  ['@RequireAnyScope with no string', () => RequireAnyScope(any(undefined))],
  ['@RequireClaims without a claim', () => RequireClaims({})],
  ['@RequireClaims without anything', () => RequireClaims(any(undefined))],
  ['@RequireClaims with a list', () => RequireClaims(any(['a']))],
  ['@RequireClaims with a value that is missing', () => RequireClaims({ a: any(undefined) })],
  ['@RequireClaims with null', () => RequireClaims({ a: any(null) })],
  ['@RequireClaims with an empty string', () => RequireClaims({ a: '' })],
  ['@RequireClaims with NaN', () => RequireClaims({ a: Number.NaN })],
  ['@RequireClaims with an array', () => RequireClaims({ a: any(['b']) })],
  ['@RequireClaims with an object', () => RequireClaims({ a: any({ b: 1 }) })],
  ['@RequireClaims with another symbol', () => RequireClaims({ a: any(Symbol('present')) })],
  ['@RequireClaims with a name that is empty', () => RequireClaims({ '': 'a' })],
  ['@RequireClaims with oneOf of nothing', () => RequireClaims({ a: oneOf() })],
  ['@RequireClaims with oneOf that is not called', () => RequireClaims({ a: any(oneOf) })],
  ['@RequireClaims with includes that is not called', () => RequireClaims({ a: any(includes) })],
  ['@RequireClaims with oneOf of an array', () => RequireClaims({ a: oneOf(any(['b'])) })],
  ['@RequireClaims with includes of nothing', () => RequireClaims({ a: includes(any(undefined)) })],
  ['@RequireClaims with equals of nothing', () => RequireClaims({ a: equals(any(undefined)) })],
  ['@RequirePolicy with a class that is not there yet', () => RequirePolicy(any(undefined))],
  ['@RequirePolicy with an instance', () => RequirePolicy(any(new GoodPolicy()))],
  ['@RequireAuthentication without anything', () => RequireAuthentication({})],
  ['@RequireAuthentication without options', () => RequireAuthentication(any(undefined))],
  ['@RequireAuthentication with an empty list', () => RequireAuthentication({ acr: [] })],
  ['@RequireAuthentication with an empty string', () => RequireAuthentication({ acr: '' })],
  ['@RequireAuthentication with two in one', () => RequireAuthentication({ acr: 'a b' })],
  ['@RequireAuthentication with a quote', () => RequireAuthentication({ acr: 'a"b' })],
  ['@RequireAuthentication with seconds', () => RequireAuthentication({ maxAgeMs: 300 })],
  ['@RequireAuthentication with a negative age', () => RequireAuthentication({ maxAgeMs: -1 })],
  ['@RequireAuthentication with NaN', () => RequireAuthentication({ maxAgeMs: Number.NaN })],
  ['@RequireAuthentication with another member', () => RequireAuthentication(any({ acr: 'a', maxAge: 300 }))],
  ['@RequireAudience without an audience', () => RequireAudience()],
  ['@RequireAudience with an empty string', () => RequireAudience('')],
  ['@RequireIssuer without an issuer', () => RequireIssuer()],
  ['@RequireIssuer with no string', () => RequireIssuer(any(undefined))],
];

it.each(EMPTY_OR_WRONG)(
  '%s ends the start with the name of the method, and of the class',
  async (name, make) => {
    const [decorator] = name.split(' ');
    await expect(startWith([make])).rejects.toThrow(TypeError);
    await expect(startWith([make])).rejects.toThrow(`OrdersController.list: ${decorator} `);
    await expect(startWith([], [make])).rejects.toThrow(`OrdersController: ${decorator} `);
  },
);

describe('what no token can meet ends the start:', () => {
  const acr =
    (...values: string[]) =>
    () =>
      RequireAuthentication({ acr: values });
  it.each<[string, (() => Decorator)[], (() => Decorator)[], RegExp]>([
    [
      'audiences that have nothing in common',
      [() => RequireAudience('a')],
      [() => RequireAudience('b', 'c')],
      /^OrdersController\.list: requires audiences that have nothing in common/,
    ],
    [
      'issuers that have nothing in common',
      [() => RequireIssuer('x')],
      [() => RequireIssuer(issuer.issuer)],
      /^OrdersController\.list: requires issuers that have nothing in common/,
    ],
    [
      'contexts that have nothing in common',
      [acr('1')],
      [acr('2', '3')],
      /^OrdersController\.list: requires authentication contexts that have nothing in common/,
    ],
    [
      'a user and a client',
      [RequireUser],
      [RequireClient],
      /^OrdersController\.list: requires a user and a client/,
    ],
    [
      'two on one method',
      [() => RequireAudience('a'), () => RequireAudience('b')],
      [],
      /^OrdersController\.list: requires audiences/,
    ],
    [
      'an audience that is not configured',
      [() => RequireAudience('d')],
      [],
      /requires the audience "d", which/,
    ],
    [
      'an issuer that is not configured',
      [],
      [() => RequireIssuer('x')],
      /^OrdersController: requires the issuer "x"/,
    ],
    [
      'a policy that no module provides',
      [() => RequirePolicy(Missing)],
      [],
      /^OrdersController\.list: Missing is not a provider of any module/,
    ],
    [
      'a policy without allows',
      [],
      [() => RequirePolicy(any(Shapeless))],
      /^OrdersController: Shapeless is no AccessPolicy/,
    ],
  ])('%s', async (_, onMethod, onClass, message) => {
    await expect(startWith(onMethod, onClass)).rejects.toThrow(TypeError);
    await expect(startWith(onMethod, onClass)).rejects.toThrow(message);
  });

  it('but not what can be met', async () => {
    const started = startWith(
      [() => RequireAudience('a'), () => RequirePolicy(GoodPolicy), acr('1', '2'), RequireUser],
      [() => RequireAudience('b', 'a'), () => RequireIssuer(issuer.issuer), acr('2'), RequireUser],
    );
    await expect(started).resolves.toBeUndefined();
  });
});

describe('the audit of routes', () => {
  const REQUIREMENTS: [string, () => Decorator][] = [
    ['@RequireAnyScope', () => RequireAnyScope('a')],
    ['@RequireClaims', () => RequireClaims({ a: 1 })],
    ['@RequirePolicy', () => RequirePolicy(GoodPolicy)],
    ['@RequireUser', () => RequireUser()],
    ['@RequireClient', () => RequireClient()],
    ['@RequireAuthentication', () => RequireAuthentication({ acr: 'a' })],
    ['@RequireAudience', () => RequireAudience('a')],
    ['@RequireIssuer', () => RequireIssuer(issuer.issuer)],
  ];

  it.each(REQUIREMENTS)(
    'ends the start where another decorator loses %s, but not the guard',
    async (_, make) => {
      const wrap: MethodDecorator = (_target, _name, descriptor) => {
        const { value } = descriptor as unknown as { value: () => string };
        (descriptor as unknown as { value: unknown }).value = function wrapped() {
          return value();
        };
      };
      class OrdersController {
        list(): string {
          return 'list';
        }
      }
      const { prototype } = OrdersController;
      const descriptor = Object.getOwnPropertyDescriptor(prototype, 'list') as PropertyDescriptor;
      make()(prototype, 'list', descriptor);
      wrap(prototype, 'list', descriptor);
      UseGuards(JwtAuthGuard)(prototype, 'list', descriptor);
      Get()(prototype, 'list', descriptor);
      Object.defineProperty(prototype, 'list', descriptor);
      Controller('orders')(OrdersController);
      await expect(start(OrdersController)).rejects.toThrow(
        /^OrdersController\.list would be called without what its decorators declare/,
      );
    },
  );

  it.each(REQUIREMENTS)('refuses %s beside @Public, on a method and under a class', (_, make) => {
    expect(() => {
      class OrdersController {
        @Public()
        @make()
        list(): void {}
      }
      return OrdersController;
    }).toThrow('OrdersController.list is @Public and @Require…: it cannot be both');
    expect(() => {
      @make()
      class OrdersController {
        @Public()
        list(): void {}
      }
      return OrdersController;
    }).toThrow('OrdersController.list is @Public and @Require…: it cannot be both');
  });

  it.each(REQUIREMENTS.slice(0, 6))('refuses %s beside @OptionalAuth', (_, make) => {
    expect(() => {
      class OrdersController {
        @make()
        @OptionalAuth()
        list(): void {}
      }
      return OrdersController;
    }).toThrow('OrdersController.list is @OptionalAuth and @Require…: it cannot be both');
  });

  it('ends the start for an override that says nothing of a @RequirePolicy', async () => {
    class Base {
      @RequirePolicy(GoodPolicy)
      @Get()
      list(): string {
        return 'base';
      }
    }
    @Controller('orders')
    class OrdersController extends Base {
      @Get()
      override list(): string {
        return 'own';
      }
    }
    await expect(start(OrdersController)).rejects.toThrow(/^OrdersController\.list overrides a method/);
  });
});

it('a policy may depend on others, and stand in a module that imports nothing of ours', async () => {
  @Injectable()
  class Dependent implements AccessPolicy {
    constructor(@Optional() @Inject(GoodPolicy) private readonly good: GoodPolicy | undefined) {}

    allows(): boolean {
      return this.good?.allows() ?? false;
    }
  }
  @RequireScopes('a')
  @RequirePolicy(Dependent)
  @Controller()
  class DependentController {}
  await expect(start(DependentController, [GoodPolicy])).rejects.toThrow('Dependent is not a provider');
  await start(DependentController, [GoodPolicy, Dependent]);
});

it.each(['a"b', 'a\\b', 'ä', '', 'https://example.com/?scope=a', 'error="x"'])(
  'ends the start for the realm %j, which no challenge can carry as it is',
  async (realm) => {
    @Module({ imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: 'a', realm })] })
    class AppModule {}
    await expect(listen(AppModule)).rejects.toThrow('option "realm" must');
  },
);
