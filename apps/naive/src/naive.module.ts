import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import jwksRsa from 'jwks-rsa';
import { ExtractJwt, Strategy, type SecretOrKeyProvider } from 'passport-jwt';

const issuer = process.env['ISSUER'] ?? '';
const cacheMaxAge = process.env['JWKS_CACHE_MAX_AGE_MS'];

/** jwks-rsa without its cache; with `JWKS_CACHE_MAX_AGE_MS`, as its README configures it for passport-jwt. */
const keyOf = jwksRsa.passportJwtSecret({
  jwksUri: `${issuer}/jwks`,
  ...(cacheMaxAge === undefined
    ? { cache: false, rateLimit: false }
    : { cache: true, cacheMaxAge: Number(cacheMaxAge), rateLimit: true, jwksRequestsPerMinute: 5 }),
});

/** Fetches the key in the request that needs it, inside a span: what the demo compares with. */
const fetchKey: SecretOrKeyProvider = (request, token, done) => {
  trace.getTracer('naive').startActiveSpan('fetch the keys', (span) => {
    void keyOf(request, token, (error, key) => {
      if (error) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
      done(error, key);
    });
  });
};

@Injectable()
class NaiveStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: fetchKey,
      issuer,
      audience: process.env['AUDIENCE'],
      algorithms: ['RS256'],
    });
  }

  validate(claims: object): object {
    return claims;
  }
}

@Controller()
class NaiveController {
  @UseGuards(AuthGuard('jwt'))
  @Get('orders')
  list(): object[] {
    return [{ id: 1, item: 'a flame graph' }];
  }

  @Get('health')
  health(): object {
    return { status: 'ok' };
  }
}

@Module({ controllers: [NaiveController], providers: [NaiveStrategy] })
export class NaiveModule {}
