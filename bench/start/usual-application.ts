/** The usual recipe, as the READMEs of passport-jwt and jwks-rsa have it. */
import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import jwksRsa from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { AUDIENCE, ISSUER, JWKS_URI, measureFirstRequest } from './first-request.js';

class UsualStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: jwksRsa.passportJwtSecret({
        cache: true,
        rateLimit: true,
        jwksRequestsPerMinute: 5,
        jwksUri: JWKS_URI,
      }),
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['RS256'],
    });
  }

  validate(claims: object): object {
    return claims;
  }
}

@Controller('orders')
class OrdersController {
  @UseGuards(AuthGuard('jwt'))
  @Get()
  list(): object {
    return [];
  }
}

@Module({ imports: [PassportModule], providers: [UsualStrategy], controllers: [OrdersController] })
class AppModule {}

await measureFirstRequest(AppModule);
