import { requiring } from '../guard/routes/declaring.js';
import { resolveMcpEndpoint, type McpEndpointOptions } from './mcp-endpoint.options.js';

/**
 * Declares a controller the endpoint of an MCP server (authorization of 2025-11-25 and 2026-07-28): its requests need a
 * token for the option `resource`, and the scopes of what their bodies call. Challenges name these scopes and the metadata
 * of the resource, and `request.auth` is the `AuthInfo` of the SDK. Brings the guard with it.
 *
 * @throws TypeError for wrong options, and on a method; at start without the option `resource`
 */
export function McpEndpoint(options: McpEndpointOptions = {}): ClassDecorator {
  const decorate = requiring('@McpEndpoint', () => ({ byRequest: [resolveMcpEndpoint(options)] }));
  return (target, ...method: unknown[]) => {
    if (typeof target === 'function' && method.length === 0) return decorate(target);
    throw new TypeError('@McpEndpoint must stand on a controller');
  };
}
