import type { ExecutionContext } from '@nestjs/common';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { requestOf, tokenIn } from '../processes/guarded-request.js';
import type { Contender } from './contender.js';

/** As its README recommends: `jwtVerify` with `createRemoteJWKSet`. */
export const jose: Contender = {
  title: 'jose',
  packages: ['jose'],
  familiarities: ['never seen'],
  create: ({ issuer, audience, jwksUri }) => {
    const keySet = createRemoteJWKSet(new URL(jwksUri));
    const canActivate = async (context: ExecutionContext): Promise<boolean> => {
      const { payload } = await jwtVerify(tokenIn(context), keySet, { issuer, audience });
      requestOf(context).user = payload;
      return true;
    };
    return { guard: { canActivate } };
  },
};
