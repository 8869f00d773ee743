import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { guardsOn, isJwtAuthGuard } from '../guard/jwt-auth.guard.js';
import { EveryRoute } from '../guard/routes/every-route.js';
import { accessOf, routePolicy, type RoutePolicy } from '../guard/routes/route-policy.js';
import { METHODS, mountedRoutes, type Route, type Routes } from './mounted-routes.js';
import type { OpenApiDocument, Operation } from './openapi-document.js';

/** An operation of a document, with the policy of its route. */
export interface SecuredOperation {
  readonly operation: Operation;
  readonly policy: RoutePolicy;
  /** True where `@Public` stands on the method, and `@ApiSecurity` on its class alone. */
  readonly opensClass: boolean;
}

type Paths = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Where `@ApiSecurity` of `@nestjs/swagger` keeps what it says. */
const API_SECURITY = 'swagger/apiSecurity';

/**
 * The operations of a document whose routes are guarded, or `@Public`. They are found by method and path, as Nest mounts
 * them: an `operationId` may be anything, and that of two operations may be the same.
 */
export function securedOperations(
  { paths }: OpenApiDocument,
  config: ApplicationConfig,
  modules: ModulesContainer,
): SecuredOperation[] {
  const operations = operationsIn(paths as Paths);
  const isDescribed = (routes: Routes) => operations.some(([key]) => routes.has(key));
  // With `ignoreGlobalPrefix`, no path of the document has the prefix.
  const routes = [config.getGlobalPrefix(), '']
    .map((prefix) => mountedRoutes(prefix, config, modules))
    .find(isDescribed);
  const isEverywhere = guardsEveryRoute(config, modules);
  return operations.flatMap(([key, operation]) => {
    const route = routeOf(operation, routes?.get(key) ?? []);
    return route === undefined ? [] : secured(operation, route, isEverywhere);
  });
}

const operationsIn = (paths: Paths): [key: string, operation: Operation][] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation as Operation]),
  );

/** Of several, the document describes the last one that it includes. */
const routeOf = ({ operationId = '' }: Operation, routes: readonly Route[]): Route | undefined =>
  routes.findLast(({ name }) => operationId.startsWith(name)) ?? routes.at(-1);

function secured(
  operation: Operation,
  { controller, handler }: Route,
  isEverywhere: boolean,
): SecuredOperation[] {
  const policy = routePolicy(handler, controller);
  const isGuarded = isEverywhere || [...guardsOn(controller), ...guardsOn(handler)].some(isJwtAuthGuard);
  if (!isGuarded && policy.access !== 'public') return [];
  const opensClass = accessOf(handler) === 'public' && !Reflect.hasMetadata(API_SECURITY, handler);
  return [{ operation, policy, opensClass }];
}

/** `guardEveryRoute`, APP_GUARD or `useGlobalGuards`. */
function guardsEveryRoute(config: ApplicationConfig, modules: ModulesContainer): boolean {
  const perRequest = config.getGlobalRequestGuards().map(({ metatype }) => metatype);
  return (
    [...config.getGlobalGuards(), ...perRequest].some(isJwtAuthGuard) ||
    // An application in preview mode constructs no providers.
    [...modules.values()].some(({ providers }) => providers.has(EveryRoute))
  );
}
