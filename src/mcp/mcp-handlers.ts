import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { guardsOn, isJwtAuthGuard } from '../guard/jwt-auth.guard.js';
import { classesIn } from '../guard/routes/route-audit.js';
import { methodsOf, prototypesOf, routePolicy } from '../guard/routes/route-policy.js';
import { requiresToken } from '../requirements/requirements.js';
import type { McpNeed } from './mcp-need.js';

/** A handler of MCP-Nest: `@Tool`, `@Prompt`, `@Resource` or `@ResourceTemplate`. */
export interface McpHandler {
  readonly kind: 'tool' | 'prompt' | 'resource' | 'resource-template';
  /** The name, or the URI. */
  readonly name: string;
  /** Names it in errors. */
  readonly where: string;
  readonly isPublic: boolean;
  readonly need: McpNeed;
}

/** What MCP-Nest says of its handlers, on the function. */
interface Extras {
  readonly mcpType?: McpHandler['kind'];
  readonly mcpName?: string;
  readonly mcpMethodKey?: string;
}

const EXTRAS = 'microservices:pattern_extras';

/** The handlers of MCP-Nest in an application, in the order in which Nest finds them. */
export const mcpHandlersIn = (modules: ModulesContainer, isGuardedEverywhere: boolean): McpHandler[] =>
  classesIn(modules).flatMap(({ metatype }) =>
    methodsOf(metatype.prototype).flatMap(({ name, handler }) => {
      const { mcpType, mcpName, mcpMethodKey } = extrasOf(handler);
      if (mcpType === undefined) return [];
      const { access, requirements } = routePolicy(handler, metatype);
      const isGuarded = access === undefined && (isGuardedEverywhere || isGuardNamed(handler, metatype));
      return {
        kind: mcpType,
        name: mcpName || mcpMethodKey || String(name),
        where: `${metatype.name}.${String(name)}`,
        isPublic: access === 'public',
        need: {
          // The guard checks these where the handler is called: policies get its context, and tokens its acceptance.
          requirements: { ...requirements, policies: [], audienceGroups: [], issuerGroups: [] },
          needsToken: isGuarded || requiresToken(requirements),
        },
      };
    }),
  );

/** Classes of MCP-Nest that its controllers extend, and what its providers are named. */
const BASES = ['BoundMcpHttpController', 'StreamableHttpController'];
const PROVIDERS = ['MCP_STRATEGY', 'MCP_HTTP_HANDLER'];

/** True where MCP-Nest may serve an endpoint, whether its tools are handlers or registered later. */
export const usesMcpNest = (modules: ModulesContainer): boolean =>
  [...modules.values()].some(({ providers }) => [...providers.keys()].some(isOfMcpNest)) ||
  classesIn(modules).some(
    ({ metatype }) =>
      prototypesOf(metatype.prototype).some(({ constructor }) => BASES.includes(constructor.name)) ||
      methodsOf(metatype.prototype).some(({ handler }) => extrasOf(handler).mcpType !== undefined),
  );

const isOfMcpNest = (token: unknown): boolean =>
  PROVIDERS.includes(typeof token === 'symbol' ? (token.description ?? '') : (token as string));

const extrasOf = (handler: object): Extras =>
  (Reflect.getMetadata(EXTRAS, handler) as Extras | undefined) ?? {};

const isGuardNamed = (handler: object, metatype: Type): boolean =>
  [...guardsOn(handler), ...guardsOn(metatype)].some(isJwtAuthGuard);
