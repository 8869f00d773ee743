import { AuthModule, JwtAuthGuard, type AuthOptions } from 'nestjs-jwks-auth';
import type { Contender, Guarding } from './contender.js';

/** This library, with its defaults. */
export const own: Contender = {
  title: '**nestjs-jwks-auth**',
  packages: [],
  familiarities: ['never seen', 'seen before'],
  create: ({ issuer, audience }) => ownGuarding({ issuer, audience }),
};

export const ownGuarding = (options: AuthOptions): Guarding => ({
  guard: JwtAuthGuard,
  imports: [AuthModule.forRoot(options)],
});
