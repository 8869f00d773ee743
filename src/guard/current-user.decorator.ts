import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { valueAt } from '../token/claim-path.js';

/**
 * The user of this request, or what stands in it at a path (`sub`, `realm_access.roles`, `https://example.com/roles`);
 * undefined when there is none, and in handlers that are not called over HTTP, where whatever stands in the place of a
 * request comes from the client.
 */
export const CurrentUser: (path?: string) => ParameterDecorator = createParamDecorator(
  (path: string | undefined, context: ExecutionContext): unknown => {
    if (context.getType<string>() !== 'http') return undefined;
    const { user } = context.switchToHttp().getRequest<{ user?: unknown }>();
    return path === undefined ? user : valueAt(user, path);
  },
);
