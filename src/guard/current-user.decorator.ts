import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { valueAt } from '../token/claim-path.js';
import { routePolicy } from './routes/route-policy.js';
import { carrierOf, outlivesCall } from './transports/transports.js';

/**
 * The user of this call, or what stands in it at a path (`sub`, `realm_access.roles`, `https://example.com/roles`);
 * undefined when there is none. Over every transport: never read from what the client sent.
 */
export const CurrentUser: (path?: string) => ParameterDecorator = createParamDecorator(
  (path: string | undefined, context: ExecutionContext): unknown => {
    const { user } = carrierOf(context);
    if (user !== undefined && isOfEarlierCall(context)) return undefined;
    return path === undefined ? user : valueAt(user, path);
  },
);

/** Nothing set a user for a public handler: what is there is of another message on the connection. */
const isOfEarlierCall = (context: ExecutionContext): boolean =>
  outlivesCall(context) && routePolicy(context.getHandler(), context.getClass()).access === 'public';
