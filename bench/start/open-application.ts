/** The same application without a guard. */
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { measureFirstRequest } from './first-request.js';

@Controller('orders')
class OrdersController {
  @Get()
  list(): object {
    return [];
  }
}

@Module({ controllers: [OrdersController] })
class AppModule {}

await measureFirstRequest(AppModule);
