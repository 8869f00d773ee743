import type { ExecutionContext } from '@nestjs/common';
import { auth } from 'express-oauth2-jwt-bearer';
import type { Request, Response } from 'express';
import type { Contender } from './contender.js';

/** As its README recommends: `auth({ issuerBaseURL, audience })`. It is for Express. */
export const expressOauth2JwtBearer: Contender = {
  title: 'express-oauth2-jwt-bearer',
  packages: ['express-oauth2-jwt-bearer'],
  platforms: ['express'],
  familiarities: ['never seen'],
  create: ({ issuer, audience, algorithm }) => {
    // It accepts RS256 unless the issuer's metadata name other algorithms.
    const middleware = auth({ issuerBaseURL: issuer, audience, tokenSigningAlg: algorithm });
    const canActivate = (context: ExecutionContext): Promise<boolean> => {
      const http = context.switchToHttp();
      return new Promise((resolve, reject) => {
        void middleware(http.getRequest<Request>(), http.getResponse<Response>(), (error?: unknown) =>
          error === undefined ? resolve(true) : reject(error),
        );
      });
    };
    return { guard: { canActivate } };
  },
};
