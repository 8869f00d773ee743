import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { valueAt } from '../token/claim-path.js';

/**
 * The user of this request, or what stands in it at a path (`sub`, `realm_access.roles`, `https://example.com/roles`);
 * undefined when there is none.
 */
export const CurrentUser: (path?: string) => ParameterDecorator = createParamDecorator(
  (path: string | undefined, context: ExecutionContext): unknown => {
    const { user } = context.switchToHttp().getRequest<{ user?: unknown }>();
    return path === undefined ? user : valueAt(user, path);
  },
);
