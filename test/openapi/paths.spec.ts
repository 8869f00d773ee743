import {
  All,
  Controller,
  Get,
  Module,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { Public, RequireScopes } from 'nestjs-jwks-auth';
import { describe, expect, test } from 'vitest';
import { ADAPTERS } from '../support/guarded-app.js';
import { describeApp, OPTIONS, prefixAndVersions } from './documented-app.js';

const auth = { ...OPTIONS, guardEveryRoute: true };
const needs = (...scopes: string[]) => [{ openIdConnect: scopes }];

/** Two classes of one name. */
function controllerNamed(path: string, scope: string): Type {
  @Controller(path)
  class SameController {
    @RequireScopes(scope)
    @Get('one')
    one(): void {}
  }
  return SameController;
}

@Controller('orders')
class OrdersController {
  @RequireScopes('one')
  @Get(':id')
  find(): void {}

  @Version('2')
  @RequireScopes('two')
  @Get(':id')
  findTwo(): void {}

  @Version(['3', VERSION_NEUTRAL])
  @RequireScopes('three')
  @Get(['latest', 'newest'])
  latest(): void {}
}

@Public()
@Controller('plain')
class PlainController {
  @Get()
  plain(): void {}

  @RequireScopes('all')
  @All('all')
  all(): void {}
}

describe.each(ADAPTERS)('paths on %s', (adapter) => {
  test('of a prefix and of versions', async () => {
    const controllers = [OrdersController, PlainController];
    const described = await describeApp({ adapter, auth, controllers, prepare: prefixAndVersions });
    expect(described.security('get /api/v1/orders/{id}')).toEqual(needs('one'));
    expect(described.security('get /api/v2/orders/{id}')).toEqual(needs('two'));
    expect(described.security('get /api/v3/orders/newest')).toEqual(needs('three'));
    expect(described.security('get /api/orders/latest')).toEqual(needs('three'));
    expect(described.security('get /v1/plain')).toEqual([]);
    for (const method of ['get', 'post', 'put', 'delete', 'patch', 'head', 'options'])
      expect(described.security(`${method} /api/v1/plain/all`)).toEqual(needs('all'));
  });

  test('of a wildcard and an optional group', async () => {
    @Controller('files')
    class FilesController {
      @RequireScopes('wild')
      @Get('raw/*path')
      wild(): void {}

      @RequireScopes('maybe')
      @Get('page{/:number}')
      maybe(): void {}
    }
    const described = await describeApp({ adapter, controllers: [FilesController] });
    expect(described.security('get /files/raw/{path}')).toEqual(needs('wild'));
    expect(described.security('get /files/page/{number}')).toEqual(needs('maybe'));
  });
});

test('a document without the prefix is described as well', async () => {
  const described = await describeApp({
    auth,
    controllers: [OrdersController],
    prepare: (app) => app.setGlobalPrefix('/api/'),
    swagger: { ignoreGlobalPrefix: true },
  });
  expect(described.security('get /orders/{id}')).toEqual(needs('two'));
});

test('controllers of one name in several modules are told apart, whatever their operationId', async () => {
  const [first, second] = [controllerNamed('first', 'a'), controllerNamed('second', 'b')];
  @Module({ controllers: [first] })
  class FirstModule {}
  @Module({ controllers: [second] })
  class SecondModule {}
  const imports = [FirstModule, SecondModule];
  const byDefault = await describeApp({ imports, controllers: [] });
  expect(byDefault.operation('get /first/one').operationId).toBe(
    byDefault.operation('get /second/one').operationId,
  );
  const own = await describeApp({
    imports,
    controllers: [],
    swagger: { operationIdFactory: (_controller, method) => method },
  });
  for (const described of [byDefault, own]) {
    expect(described.security('get /first/one')).toEqual(needs('a'));
    expect(described.security('get /second/one')).toEqual(needs('b'));
  }
});

test('RouterModule gives a module its path', async () => {
  @Module({ controllers: [controllerNamed('inner', 'routed')] })
  class InnerModule {}
  @Module({ imports: [InnerModule, RouterModule.register([{ path: 'outer', module: InnerModule }])] })
  class OuterModule {}
  const described = await describeApp({ imports: [OuterModule], controllers: [] });
  expect(described.security('get /outer/inner/one')).toEqual(needs('routed'));
});

test('where a header decides between handlers, the one that the document names counts', async () => {
  @Controller('orders')
  class ByHeaderController {
    @Version('1')
    @RequireScopes('one')
    @Get()
    one(): void {}

    @Version('2')
    @RequireScopes('two')
    @Get()
    two(): void {}
  }
  @Module({ controllers: [ByHeaderController] })
  class HeaderModule {}
  @Controller('orders')
  class LaterController {
    @Version('3')
    @RequireScopes('three')
    @Get()
    three(): void {}
  }
  @Module({ controllers: [LaterController] })
  class LaterModule {}
  const options = {
    imports: [HeaderModule, LaterModule],
    controllers: [],
    prepare: (app: INestApplication) =>
      void app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
  };
  const all = await describeApp(options);
  const some = await describeApp({ ...options, swagger: { include: [HeaderModule] } });
  expect(all.operation('get /orders').operationId).toMatch(/three/);
  expect(all.security('get /orders')).toEqual(needs('three'));
  expect(some.operation('get /orders').operationId).toMatch(/two/);
  expect(some.security('get /orders')).toEqual(needs('two'));
});
