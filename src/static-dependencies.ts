import { Scope, type InjectionToken } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

type Provider = NonNullable<ReturnType<ReturnType<typeof providersOf>[number]['get']>>;

/**
 * Refuses dependencies with the scope of a request, durable ones included: the options would be made anew for each
 * request, and with them key rings that are never closed.
 *
 * @throws TypeError that names the dependency
 */
export function checkIsStatic(token: InjectionToken, modules: ModulesContainer): void {
  const provider = providersOf(modules)
    .map((providers) => providers.get(token))
    .find((found) => found !== undefined);
  if (provider === undefined || provider.isDependencyTreeStatic()) return;
  const names = pathToRequest(provider).map(({ name }) => String(name));
  throw new TypeError(
    `AuthModule.forRootAsync depends on ${names.slice(1).join(' > ')}, which is request-scoped: ` +
      'the options are those of the application, so inject providers of the default scope alone',
  );
}

const providersOf = (modules: ModulesContainer) => [...modules.values()].map(({ providers }) => providers);

/** From a provider down to the dependency that has the scope. */
function pathToRequest(provider: Provider, above: readonly Provider[] = []): readonly Provider[] {
  const path = [...above, provider];
  if (provider.scope === Scope.REQUEST) return path;
  const dependencies = [
    ...(provider.getCtorMetadata() ?? []),
    ...(provider.getPropertiesMetadata() ?? []).map(({ wrapper }) => wrapper),
  ];
  const next = dependencies.find((one) => !path.includes(one) && !one.isDependencyTreeStatic());
  return next === undefined ? path : pathToRequest(next, path);
}
