import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { trace } from '@opentelemetry/api';
import jwksRsa from 'jwks-rsa';
import { ExtractJwt, Strategy, type SecretOrKeyProvider } from 'passport-jwt';

const issuer = process.env['ISSUER'] ?? '';
const keyOf = jwksRsa.passportJwtSecret({ jwksUri: `${issuer}/jwks`, cache: false, rateLimit: false });

/** What the demo compares with: the keys are fetched in every request. */
const fetchKey: SecretOrKeyProvider = (request, token, done) => {
  trace.getTracer('naive').startActiveSpan('fetch the keys', (span) => {
    void keyOf(request, token, (error, key) => {
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
