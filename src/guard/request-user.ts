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

// A doc comment, which TypeScript keeps in the declaration file: Fastify need not be installed.
/** @ts-ignore without Fastify there is nothing to merge with */
declare module 'fastify' {
  /** What `request.user` is on Fastify; the name is that of `@fastify/passport`, whose declarations merge with this one. */
  interface PassportUser extends Express.User {}
  interface RequestWithUser {
    user?: PassportUser;
  }
  /** The member is inherited, so that an application or plugin that declares another `user` overrides it. */
  interface FastifyRequest extends RequestWithUser {}
}
