import { bringGuard, declaring } from './declaring.js';
import { declareAccess } from './route-policy.js';

/**
 * Opens a handler, or all handlers of a class, under a guard that stands on a class or on every route. Credentials are
 * not looked at.
 *
 * @throws TypeError beside or under a `@Require…`; on what is no method
 */
export const Public = (): ClassDecorator & MethodDecorator =>
  declaring('@Public', (place) => declareAccess('public', place));

/**
 * Lets requests without credentials through, with `request.user` undefined; bad credentials are refused all the same.
 * Brings the guard with it.
 *
 * @throws TypeError beside or under a `@Require…`, but for those that say which tokens are good (`@RequireAudience`,
 * `@RequireIssuer`); on what is no method
 */
export const OptionalAuth = (): ClassDecorator & MethodDecorator =>
  declaring('@OptionalAuth', (place) => {
    declareAccess('optional', place);
    bringGuard(place);
  });
