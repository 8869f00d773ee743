import type { ExecutionContext } from '@nestjs/common';
import { JwtVerifier } from 'aws-jwt-verify';
import { requestOf, tokenIn } from '../processes/guarded-request.js';
import type { Contender } from './contender.js';

/** As its README recommends for other identity providers than Cognito. */
export const awsJwtVerify: Contender = {
  title: 'aws-jwt-verify',
  packages: ['aws-jwt-verify'],
  familiarities: ['never seen'],
  create: ({ issuer, audience, jwksUri }) => {
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri });
    const canActivate = async (context: ExecutionContext): Promise<boolean> => {
      requestOf(context).user = await verifier.verify(tokenIn(context));
      return true;
    };
    return { guard: { canActivate } };
  },
};
