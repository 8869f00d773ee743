/** This library; without JWKS_URI, discovery finds the keys. */
import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { AuthModule, JwtAuthGuard } from 'nestjs-jwks-auth';
import { AUDIENCE, ISSUER, JWKS_URI, measureFirstRequest } from './first-request.js';

@Controller('orders')
class OrdersController {
  @UseGuards(JwtAuthGuard)
  @Get()
  list(): object {
    return [];
  }
}

const jwksUri = JWKS_URI === '' ? {} : { jwksUri: JWKS_URI };

@Module({
  imports: [AuthModule.forRoot({ issuer: ISSUER, audience: AUDIENCE, ...jwksUri })],
  controllers: [OrdersController],
})
class AppModule {}

await measureFirstRequest(AppModule);
