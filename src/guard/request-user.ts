import type { AccessTokenClaims } from '../token/access-token.js';

declare global {
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    /** What `request.user` is: the claims, unless `validate` makes something else of them; merge your own in. */
    interface User extends AccessTokenClaims {}

    // As in @types/passport, which an application may have as well; its own d.ts need not come with this package.
    interface Request {
      user?: User | undefined;
    }
  }
}
