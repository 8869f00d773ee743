import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, MODULE_PATH, PATH_METADATA, VERSION_METADATA } from '@nestjs/common/constants.js';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import { methodsOf } from '../guard/routes/route-policy.js';
import { documentPath } from './document-path.js';

type RouteMetadata = Parameters<RoutePathFactory['create']>[0];
type Version = NonNullable<RouteMetadata['methodVersion']>;

/** A handler of a controller. */
export interface Route {
  readonly controller: Type;
  readonly handler: object;
  /** `CatsController_find`: what `@nestjs/swagger` begins the `operationId` with. */
  readonly name: string;
}

/** By method and path, such as `get /orders/{id}`; several where a header or the host decides between them. */
export type Routes = ReadonlyMap<string, readonly Route[]>;

/** The methods of HTTP that Nest has routes for, in lower case. */
export const METHODS = Object.values(RequestMethod)
  .filter((name) => typeof name === 'string')
  .map((name) => name.toLowerCase());

/** The routes of an application as Nest mounts them under this prefix, in the order of modules and handlers. */
export function mountedRoutes(
  globalPrefix: string,
  config: ApplicationConfig,
  modules: ModulesContainer,
): Routes {
  const paths = new RoutePathFactory(config);
  const routes = new Map<string, Route[]>();
  for (const { route, metadata, requestMethod } of routesIn(modules, config)) {
    const methods = requestMethod === RequestMethod.ALL ? METHODS : [nameOf(requestMethod)];
    for (const path of paths.create({ ...metadata, globalPrefix }, requestMethod)) {
      for (const method of methods) {
        const key = `${method} ${documentPath(path)}`;
        routes.set(key, [...(routes.get(key) ?? []), route]);
      }
    }
  }
  return routes;
}

interface UnmountedRoute {
  readonly route: Route;
  readonly metadata: Omit<RouteMetadata, 'globalPrefix'>;
  readonly requestMethod: RequestMethod;
}

function* routesIn(modules: ModulesContainer, config: ApplicationConfig): Generator<UnmountedRoute> {
  const versioning = config.getVersioning();
  for (const { metatype: module, controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const controller = metatype as Type;
      const shared = {
        modulePath: modulePathOf(module, modules),
        ctrlPath: read<string>(PATH_METADATA, controller) ?? '',
        ...(versioning !== undefined && { versioningOptions: versioning }),
        ...withVersion('controllerVersion', read(VERSION_METADATA, controller) ?? versioning?.defaultVersion),
      };
      for (const { name, handler } of methodsOf(controller.prototype)) {
        const methodPath = read<string>(PATH_METADATA, handler);
        if (methodPath === undefined) continue;
        yield {
          route: { controller, handler, name: `${controller.name}_${String(name)}` },
          requestMethod: read<RequestMethod>(METHOD_METADATA, handler) ?? RequestMethod.GET,
          metadata: {
            ...shared,
            methodPath,
            ...withVersion('methodVersion', read(VERSION_METADATA, handler)),
          },
        };
      }
    }
  }
}

const nameOf = (method: RequestMethod): string => RequestMethod[method].toLowerCase();

/** What RouterModule gives a module. */
const modulePathOf = (module: object, { applicationId }: ModulesContainer): string =>
  read<string>(MODULE_PATH + applicationId, module) ?? read<string>(MODULE_PATH, module) ?? '';

const withVersion = (name: 'controllerVersion' | 'methodVersion', version: unknown) =>
  version === undefined ? {} : { [name]: version as Version };

const read = <Value>(key: string, target: object): Value | undefined =>
  Reflect.getMetadata(key, target) as Value | undefined;
