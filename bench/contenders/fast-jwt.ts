import type { ExecutionContext } from '@nestjs/common';
import { createVerifier, type DecodedJwt } from 'fast-jwt';
import buildGetJwks from 'get-jwks';
import { requestOf, tokenIn } from '../processes/guarded-request.js';
import type { Contender, Guarding, IssuerFacts } from './contender.js';

const packages = ['fast-jwt', 'get-jwks'];
/** get-jwks makes PEM texts of RSA and EC keys. */
const algorithms = ['RS256', 'ES256'] as const;

export const fastJwt: Contender = {
  title: 'fast-jwt + get-jwks',
  packages,
  algorithms,
  familiarities: ['never seen'],
  create: (issuer) => fastJwtGuard(issuer, false),
};

export const fastJwtWithCache: Contender = {
  title: 'fast-jwt + get-jwks, its cache on',
  packages,
  algorithms,
  familiarities: ['never seen', 'seen before'],
  create: (issuer) => fastJwtGuard(issuer, true),
};

/** As the README of get-jwks recommends: a key function that gets the PEM from it. */
function fastJwtGuard(facts: IssuerFacts, cache: boolean): Guarding {
  const { issuer, audience, jwksUri, algorithm } = facts;
  const getJwks = buildGetJwks({ issuersWhitelist: [issuer], jwksPath: new URL(jwksUri).pathname });
  const verify = createVerifier({
    key: ({ header }: DecodedJwt) =>
      getJwks.getPublicKey({ kid: String(header['kid']), alg: String(header['alg']), domain: issuer }),
    algorithms: [algorithm],
    allowedIss: issuer,
    allowedAud: audience,
    cache,
  });
  const canActivate = async (context: ExecutionContext): Promise<boolean> => {
    requestOf(context).user = (await verify(tokenIn(context))) as object;
    return true;
  };
  return { guard: { canActivate } };
}
