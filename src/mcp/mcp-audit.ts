import type { ModulesContainer } from '@nestjs/core';
import { audienceOf } from '../guard/answer-context.js';
import type { ResolvedGuardOptions } from '../guard/guard.options.js';
import { classesIn } from '../guard/routes/route-audit.js';
import { methodsOf, requirementsOf, routePolicy } from '../guard/routes/route-policy.js';
import type { RouteRequirements } from '../requirements/route-requirements.js';
import type { McpEndpointRules } from './mcp-endpoint.options.js';
import type { McpHandler } from './mcp-handlers.js';

/**
 * The endpoints of an application, each with what it is declared with.
 *
 * @throws TypeError for one that has no metadata that clients could find, or that does not check the audience of tokens
 */
export function endpointsIn(modules: ModulesContainer, options: ResolvedGuardOptions): McpEndpointRules[] {
  return classesIn(modules).flatMap(({ metatype }) => {
    const rules = requirementsOf(metatype).byRequest as readonly McpEndpointRules[];
    if (rules.length === 0) return [];
    for (const { name, handler } of methodsOf(metatype.prototype))
      assertFound(`${metatype.name}.${String(name)}`, routePolicy(handler, metatype).requirements, options);
    return rules;
  });
}

/** The duties of an MCP server: metadata with an authorization server, and tokens that are meant for it. */
function assertFound(
  where: string,
  { acceptance }: RouteRequirements,
  { resource: main, known, ...options }: ResolvedGuardOptions,
): void {
  const { resource } = audienceOf(acceptance, { resource: main, ...options });
  if (resource === undefined)
    throw new TypeError(
      `${where} belongs to an @McpEndpoint, which needs the option "resource", or a further audience that is an object`,
    );
  if (resource.document['authorization_servers'] === undefined)
    throw new TypeError(
      `${where} belongs to an @McpEndpoint, whose resource needs one of "authorizationServers" or more`,
    );
  if (known.audiences === undefined && known.issuers !== undefined)
    throw new TypeError(
      `${where} belongs to an @McpEndpoint, which accepts no tokens for others: "audience" must not be null`,
    );
}

/**
 * Handlers of MCP-Nest are called through a controller, or through a route that MCP-Nest mounts itself, which Nest calls no
 * guard for.
 *
 * @throws TypeError for a handler that is not public, where no controller is an endpoint
 */
export function assertReached(
  handlers: readonly McpHandler[],
  endpoints: readonly McpEndpointRules[],
  { transports }: ResolvedGuardOptions,
): void {
  const guarded = handlers.find(({ isPublic }) => !isPublic);
  if (guarded === undefined || endpoints.length > 0 || transports.unguarded.has('mcpStdio')) return;
  throw new TypeError(
    `${guarded.where} is a handler of MCP-Nest, and no controller is an @McpEndpoint: a route that MCP-Nest mounts itself is ` +
      'outside of all guards. Declare @McpEndpoint() on a controller that extends McpHttpControllerFor(transport), or the handlers @Public; ' +
      "where the server has stdio alone, set the option transports.mcpStdio to 'unguarded'",
  );
}
