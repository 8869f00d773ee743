import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import jwksRsa from 'jwks-rsa';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { ExtractJwt, Strategy, type SecretOrKeyProvider } from 'passport-jwt';
import type { Contender, Guarding, IssuerFacts } from './contender.js';

const packages = ['@nestjs/passport', 'passport-jwt', 'jwks-rsa', 'jsonwebtoken'];

/** As the README of jwks-rsa recommends: cache and limiter on. */
const clientOptions = ({ jwksUri }: IssuerFacts) => ({
  cache: true,
  rateLimit: true,
  jwksRequestsPerMinute: 5,
  jwksUri,
});

/** The usual recipe. jsonwebtoken has no EdDSA. */
export const usualRecipe: Contender = {
  title: 'passport-jwt + jwks-rsa, the usual recipe',
  packages,
  algorithms: ['RS256', 'ES256'],
  familiarities: ['never seen'],
  create: (issuer) => passportGuard(issuer, jwksRsa.passportJwtSecret(clientOptions(issuer))),
};

/** The usual recipe without its most expensive part: the PEM is parsed once for each key, instead of for each request. */
export const usualRecipeWithKeyObject: Contender = {
  title: 'the same with a KeyObject',
  packages,
  algorithms: ['RS256', 'ES256'],
  familiarities: ['never seen'],
  create: (issuer) => passportGuard(issuer, keyObjectProvider(issuer) as unknown as SecretOrKeyProvider),
};

function passportGuard(
  { issuer, audience, algorithm }: IssuerFacts,
  secretOrKeyProvider: SecretOrKeyProvider,
): Guarding {
  class UsualStrategy extends PassportStrategy(Strategy, 'usual') {
    validate(claims: object): object {
      return claims;
    }
  }
  void new UsualStrategy({
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKeyProvider,
    issuer,
    audience,
    algorithms: [algorithm as 'RS256' | 'ES256'],
  });
  return { guard: AuthGuard('usual') };
}

type KeyObjectProvider = (
  request: unknown,
  token: string,
  done: (error: unknown, key?: KeyObject) => void,
) => void;

function keyObjectProvider(issuer: IssuerFacts): KeyObjectProvider {
  const client = jwksRsa(clientOptions(issuer));
  const keys = new Map<string, KeyObject>();
  const keyOf = async (token: string): Promise<KeyObject> => {
    const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()) as {
      kid: string;
    };
    const cached = keys.get(header.kid);
    if (cached !== undefined) return cached;
    const key = createPublicKey((await client.getSigningKey(header.kid)).getPublicKey());
    keys.set(header.kid, key);
    return key;
  };
  return (_request, token, done) => void keyOf(token).then((key) => done(null, key), done);
}
