import 'reflect-metadata';
import { Module, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import jwksRsa from 'jwks-rsa';
import { AuthModule, JwtAuthGuard } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { verify } from 'node:crypto';
import { ExtractJwt, Strategy } from 'passport-jwt';

/** One way to check a request; `seen` says whether the token has been checked before. */
interface Contender {
  readonly name: string;
  readonly seen: boolean;
  readonly run: (token: string) => unknown;
}

const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const REQUESTS = Number(process.env['REQUESTS'] ?? 2_000);

class Handlers {
  handle(): void {}
}

/** What Nest hands to a guard, with as many headers as a request of a browser has. */
function contextOf(token: string): ExecutionContext {
  const authorization = `Bearer ${token}`;
  const headers = { host: 'api.example', accept: '*/*', 'user-agent': 'bench', authorization };
  const request = { headers, rawHeaders: Object.entries(headers).flat(), url: '/orders' };
  const http = { getRequest: () => request, getResponse: () => ({ header() {} }), getNext: () => undefined };
  const context = {
    getType: () => 'http',
    switchToHttp: () => http,
    getHandler: () => Handlers.prototype.handle,
  };
  return { ...context, getClass: () => Handlers } as unknown as ExecutionContext;
}

/** The least that can be done: one signature check, everything else prepared. */
function signatureAlone(issuer: TestIssuer): Contender {
  const token = issuer.token();
  const end = token.lastIndexOf('.');
  const input = Buffer.from(token.slice(0, end));
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const key = issuer.keys[0]?.publicKey;
  if (key === undefined) throw new Error('the issuer has no key');
  return { name: 'crypto.verify alone', seen: true, run: () => verify('sha256', input, key, signature) };
}

/** passport-jwt with jwks-rsa, its cache and its limiter on, as the README of jwks-rsa recommends. */
function usualRecipe({ issuer, audience, jwksUri }: TestIssuer): Contender {
  class UsualStrategy extends PassportStrategy(Strategy, 'usual') {
    validate(claims: object): object {
      return claims;
    }
  }
  void new UsualStrategy({
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKeyProvider: jwksRsa.passportJwtSecret({
      jwksUri,
      cache: true,
      rateLimit: true,
      jwksRequestsPerMinute: 5,
    }),
    issuer,
    audience,
    algorithms: ['RS256'],
  });
  const guard = new (AuthGuard('usual'))();
  return {
    name: 'passport-jwt + jwks-rsa',
    seen: false,
    run: (token) => guard.canActivate(contextOf(token)),
  };
}

/** Microseconds of CPU for each request. */
async function measure({ seen, run }: Contender, issuer: TestIssuer): Promise<number> {
  const tokens = Array.from({ length: seen ? 1 : REQUESTS }, () => issuer.token());
  for (const token of tokens.slice(0, 1)) await run(token);
  const before = process.cpuUsage();
  for (let i = 0; i < REQUESTS; i += 1) await run(tokens[i % tokens.length] ?? '');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

await using issuer = await startTestIssuer();

@Module({ imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })] })
class BenchModule {}
const app = await NestFactory.createApplicationContext(BenchModule, { logger: false });
const guard = app.get(JwtAuthGuard);
const ours = (token: string) => guard.canActivate(contextOf(token));
const contenders: Contender[] = [
  signatureAlone(issuer),
  { name: 'JwtAuthGuard, token never seen', seen: false, run: ours },
  { name: 'JwtAuthGuard, token seen before', seen: true, run: ours },
  usualRecipe(issuer),
];

// Round by round, so that a noisy moment hits all of them; the first round warms up.
const results = new Map(contenders.map(({ name }) => [name, [] as number[]]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const contender of contenders) {
    const cost = await measure(contender, issuer);
    if (round > 0) results.get(contender.name)?.push(cost);
  }
}
const limit = median(results.get('crypto.verify alone') ?? []);
console.log(
  `RS256, Node ${process.version}, ${ROUNDS} rounds of ${REQUESTS} requests: µs of CPU per request`,
);
for (const [name, costs] of results) {
  const spread = `${Math.min(...costs).toFixed(1)}–${Math.max(...costs).toFixed(1)}`;
  const ratio = (median(costs) / limit).toFixed(2);
  console.log(
    `${name.padEnd(34)} ${median(costs).toFixed(1).padStart(7)}  (${spread})  ${ratio} × crypto.verify`,
  );
}
await app.close();
