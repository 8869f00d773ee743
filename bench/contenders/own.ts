import { AuthModule, JwtAuthGuard, type AuthOptions } from 'nestjs-jwks-auth';
import type { Contender, Guarding } from './contender.js';

/** This library, with its defaults. */
export const own: Contender = {
  title: '**nestjs-jwks-auth**',
  packages: [],
  familiarities: ['never seen', 'seen before'],
  create: ({ issuer, audience }) => ownGuarding({ issuer, audience }),
};

/** This library, with signatures checked on libuv's threads. A cached token has none checked. */
export const ownInThreadPool: Contender = {
  title: '**nestjs-jwks-auth** with `verifyInThreadPool`',
  packages: [],
  familiarities: ['never seen'],
  create: ({ issuer, audience }) => ownGuarding({ issuer, audience, verifyInThreadPool: true }),
};

export const ownGuarding = (options: AuthOptions): Guarding => ({
  guard: JwtAuthGuard,
  imports: [AuthModule.forRoot(options)],
});
