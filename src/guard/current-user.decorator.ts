import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { valueAt } from '../token/claim-path.js';
import { routePolicy } from './routes/route-policy.js';
import { carrierOf } from './transports/transports.js';

/**
 * The user of this call, or what stands in it at a path (`sub`, `realm_access.roles`, `https://example.com/roles`);
 * undefined when there is none. Over every transport: never read from what the client sent.
 */
export const CurrentUser: (path?: string) => ParameterDecorator = createParamDecorator(
  (path: string | undefined, context: ExecutionContext): unknown => {
    // A connection carries the user of its last message or operation, an operation that of its other fields.
    if (context.getType<string>() !== 'http' && isPublic(context)) return undefined;
    const { user } = carrierOf(context);
    return path === undefined ? user : valueAt(user, path);
  },
);

const isPublic = (context: ExecutionContext): boolean =>
  routePolicy(context.getHandler(), context.getClass()).access === 'public';
