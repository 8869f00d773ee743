import type { IncomingMessage, ServerResponse } from 'node:http';

/** The issuer that a contender trusts, and how long its keys stay fresh. */
export interface Trust {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly expireMs: number;
}

/** Resolves when the bearer token of the request is accepted; rejects when it is not. */
export type Check = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

/** One way to check access tokens. */
export interface Contender {
  readonly name: string;
  /** Whose versions are reported. */
  readonly packages: readonly string[];
  /** Its options, and what happens to its keys when they expire. */
  readonly options: string;
  readonly start: (trust: Trust) => Promise<Check>;
}

const FALLBACK_MS = 3_600_000;

const tokenOf = (request: IncomingMessage): string =>
  request.headers.authorization?.slice('Bearer '.length) ?? '';

/** Every contender, this library first. Each loads what it needs when it starts: it has a process of its own. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'nestjs-jwks-auth',
    packages: ['nestjs-jwks-auth'],
    options: '`keys.maxAgeMs`; the rest by default, so keys are used for 24 h more while the issuer is away',
    start: startThis,
  },
  {
    name: 'passport-jwt + jwks-rsa',
    packages: ['passport-jwt', 'jwks-rsa'],
    options: '`cache: true`, `cacheMaxAge`, `rateLimit: true` (10 a minute, the default)',
    start: (trust) => startUsualRecipe(trust, {}),
  },
  {
    name: 'the same with `cacheMaxAgeFallback`',
    packages: ['passport-jwt', 'jwks-rsa'],
    options: 'as above, and `cacheMaxAgeFallback` of 1 h, as in its EXAMPLES.md',
    start: (trust) => startUsualRecipe(trust, { cacheMaxAgeFallback: FALLBACK_MS }),
  },
  {
    name: 'jose',
    packages: ['jose'],
    options: '`createRemoteJWKSet` with `cacheMaxAge`; the rest by default',
    start: startJose,
  },
  {
    name: 'aws-jwt-verify',
    packages: ['aws-jwt-verify'],
    options:
      '`JwtVerifier.create` with `jwksUri`; it has no expiry: keys are kept until an unknown key id comes',
    start: startAwsJwtVerify,
  },
  {
    name: 'get-jwks + fast-jwt',
    packages: ['get-jwks', 'fast-jwt'],
    options:
      '`ttl`, `issuersWhitelist`, `providerDiscovery: true`; the verifier of its README, with its cache off',
    start: startGetJwks,
  },
  {
    name: 'express-oauth2-jwt-bearer',
    packages: ['express-oauth2-jwt-bearer'],
    options: '`auth` with `issuerBaseURL`, `audience` and `cacheMaxAge`; the rest by default',
    start: startExpressBearer,
  },
];

async function startThis({ issuer, audience, expireMs }: Trust): Promise<Check> {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const { AccessTokenVerifier, AuthModule } = await import('nestjs-jwks-auth');
  const module = AuthModule.forRoot({ issuer, audience, keys: { maxAgeMs: expireMs } });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const verifier = app.get(AccessTokenVerifier);
  return (request) => verifier.verify(tokenOf(request));
}

async function startUsualRecipe(
  { issuer, audience, jwksUri, expireMs }: Trust,
  fallback: { readonly cacheMaxAgeFallback?: number },
): Promise<Check> {
  const { default: passport } = await import('passport');
  const { ExtractJwt, Strategy } = await import('passport-jwt');
  const { default: jwksRsa } = await import('jwks-rsa');
  const secretOrKeyProvider = jwksRsa.passportJwtSecret({
    jwksUri,
    cache: true,
    cacheMaxAge: expireMs,
    rateLimit: true,
    ...fallback,
  });
  const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
  const algorithms = ['RS256' as const];
  passport.use(
    new Strategy({ jwtFromRequest, secretOrKeyProvider, issuer, audience, algorithms }, (claims, done) =>
      done(null, claims as object),
    ),
  );
  return (request, response) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const finish = (error: unknown, user: unknown) => (user ? resolve(user) : reject(asError(error)));
    const authenticate = passport.authenticate('jwt', { session: false }, finish) as (
      ...args: unknown[]
    ) => void;
    authenticate(request, response, reject);
    return promise;
  };
}

async function startJose({ issuer, audience, jwksUri, expireMs }: Trust): Promise<Check> {
  const { createRemoteJWKSet, jwtVerify } = await import('jose');
  const keySet = createRemoteJWKSet(new URL(jwksUri), { cacheMaxAge: expireMs });
  return (request) => jwtVerify(tokenOf(request), keySet, { issuer, audience });
}

async function startAwsJwtVerify({ issuer, audience, jwksUri }: Trust): Promise<Check> {
  const { JwtVerifier } = await import('aws-jwt-verify');
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri });
  return (request) => verifier.verify(tokenOf(request));
}

async function startGetJwks({ issuer, audience, expireMs }: Trust): Promise<Check> {
  // The package has no type declarations.
  const { default: buildGetJwks } = (await import('get-jwks' as string)) as { default: BuildGetJwks };
  const { createVerifier } = await import('fast-jwt');
  const getJwks = buildGetJwks({ ttl: expireMs, issuersWhitelist: [issuer], providerDiscovery: true });
  const verify = createVerifier({
    key: ({ header }: { header: Record<string, unknown> }) =>
      getJwks.getPublicKey({ kid: header['kid'], alg: header['alg'], domain: issuer }),
    allowedIss: issuer,
    allowedAud: audience,
  });
  return async (request) => (await verify(tokenOf(request))) as unknown;
}

type BuildGetJwks = (options: object) => { getPublicKey(signature: object): Promise<string> };

async function startExpressBearer({ issuer, audience, expireMs }: Trust): Promise<Check> {
  const { auth } = await import('express-oauth2-jwt-bearer');
  const middleware = auth({ issuerBaseURL: issuer, audience, cacheMaxAge: expireMs });
  return (request, response) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // What it uses of Express: the scheme, a header, and whether the body is a form.
    const get = (name: string) => request.headers[name.toLowerCase()];
    const asExpress = Object.assign(request, { protocol: 'http', get, is: () => false });
    void middleware(asExpress as never, response as never, (error?: unknown) =>
      error === undefined ? resolve(true) : reject(asError(error)),
    );
    return promise;
  };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error('refused'));
