import 'reflect-metadata';
import { Module, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AuthModule, guardConnections, JwtAuthGuard } from 'nestjs-jwks-auth';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { yes } from '../contenders/baselines.js';
import type { IssuerFacts } from '../contenders/contender.js';
import { costOf } from './cost.js';
import { guardOf } from './guard-application.js';
import { receive } from './messages.js';

/** The messages that this process handles. */
export type GatewayMessages = typeof handlers;

@WebSocketGateway()
class OrdersGateway {
  /** The clients of the server, in the order in which they connected. */
  static readonly clients: object[] = [];

  handleConnection(client: object): void {
    OrdersGateway.clients.push(client);
  }

  @SubscribeMessage('orders')
  orders(): void {}
}

const guards: Partial<Record<'own' | 'yes', CanActivate>> = {};

const handlers = {
  /** Starts a gateway on ws, and connects a client with each of these tokens. */
  connect: async ({ issuer, tokens }: { issuer: IssuerFacts; tokens: readonly string[] }): Promise<void> => {
    @Module({
      imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience })],
      providers: [OrdersGateway],
    })
    class GatewayModule {}
    const app = await NestFactory.create(GatewayModule, { logger: false });
    app.useWebSocketAdapter(guardConnections(app, new WsAdapter(app)));
    await app.listen(0, '127.0.0.1');
    const url = (await app.getUrl()).replace('http', 'ws');
    for (const token of tokens) {
      const client = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
      await once(client, 'open');
    }
    guards.own = app.get(JwtAuthGuard);
    guards.yes = await guardOf(yes.create(issuer));
  },

  /** Has a message of each client checked in turn; microseconds of CPU for each message. */
  check: ({ guardedBy, times }: { guardedBy: 'own' | 'yes'; times: number }): Promise<number> => {
    const guard = guards[guardedBy];
    const { clients } = OrdersGateway;
    if (guard === undefined) throw new Error('not started');
    let sent = 0;
    return costOf(
      Array.from({ length: times }, () => ''),
      () => {
        const context = contextOf(clients[sent++ % clients.length] as object);
        return () => guard.canActivate(context) as boolean | Promise<boolean>;
      },
    );
  },
};

/** What Nest passes to a guard for a message of this client. */
function contextOf(client: object): ExecutionContext {
  const ws = { getClient: () => client, getData: () => undefined, getPattern: () => 'orders' };
  const context = {
    getType: () => 'ws',
    switchToWs: () => ws,
    getArgs: () => [client, undefined, undefined, 'orders'],
    getHandler: () => OrdersGateway.prototype.orders,
    getClass: () => OrdersGateway,
  };
  return context as unknown as ExecutionContext;
}

receive(handlers);
