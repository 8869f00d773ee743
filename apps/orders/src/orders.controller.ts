import { Controller, Get, Post } from '@nestjs/common';
import { CurrentUser, RequireScopes, type AccessTokenClaims } from 'nestjs-jwks-auth';

interface Order {
  readonly id: number;
  readonly item: string;
}

@Controller('orders')
export class OrdersController {
  private readonly orders: Order[] = [{ id: 1, item: 'a flame graph' }];

  /** Any valid token is enough. */
  @Get()
  list(): readonly Order[] {
    return this.orders;
  }

  /** The token must have the scope. */
  @RequireScopes('write:orders')
  @Post()
  create(): Order {
    const order = { id: this.orders.length + 1, item: 'another flame graph' };
    this.orders.push(order);
    return order;
  }

  /** The caller, as the token names it. */
  @Get('me')
  me(@CurrentUser() user: AccessTokenClaims): object {
    return { sub: user.sub, client: user.client_id, scope: user.scope };
  }
}
