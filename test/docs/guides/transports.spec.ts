import { Controller, Module, UseFilters, type ExceptionFilter, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { EventPattern, type MicroserviceOptions } from '@nestjs/microservices';
import { AuthModule, RequireScopes, type TransportOptions } from 'nestjs-jwks-auth';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, test } from 'vitest';
import { EventServer, rabbitMessage } from '../../support/event-server.js';
import { Guide } from './guide.js';

const GUIDE = 'docs/guide/transports.md';

test(`${GUIDE}: a filter rejects refused messages of RabbitMQ`, async () => {
  await using issuer = await startTestIssuer();
  const { RejectRefused } = await new Guide(GUIDE, issuer).load<{ RejectRefused: Type<ExceptionFilter> }>(
    'reject-refused.filter.ts',
  );
  let handled = 0;
  @UseFilters(RejectRefused)
  @RequireScopes('orders:write')
  @Controller()
  class OrdersController {
    @EventPattern('placed')
    placed(_data: unknown): void {
      handled += 1;
    }
  }
  @Module({
    imports: [
      AuthModule.forRoot({
        issuer: issuer.issuer,
        audience: issuer.audience,
        keys: { bootstrap: 'background' },
        transports: { rpc: { refusedEvent: 'throw' } },
      }),
    ],
    controllers: [OrdersController],
  })
  class AppModule {}
  issuer.fault({ status: 500 }, { on: 'all' });
  const strategy = new EventServer();
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    strategy,
    logger: false,
  });
  await app.listen();
  const rejected: unknown[][] = [];
  const channel = { nack: (_message: object, ...how: unknown[]) => rejected.push(how) };
  const deliver = (token?: string) => strategy.deliver('placed', rabbitMessage(token, channel));

  const scope = 'orders:write';
  await deliver(issuer.token({ scope }));
  expect(rejected).toEqual([[false, true]]);
  issuer.fault(undefined);
  await expect.poll(() => deliver(issuer.token({ scope })).then(() => handled)).toBe(1);
  rejected.length = 0;
  await deliver();
  await deliver(issuer.token());
  expect(rejected).toEqual([
    [false, false],
    [false, false],
  ]);
  expect(handled).toBe(1);
  await app.close();
});

test(`${GUIDE}: an extractor for handlers of @golevelup/nestjs-rabbitmq`, async () => {
  await using issuer = await startTestIssuer();
  const { transports } = await new Guide(GUIDE, issuer).load<{ transports: { rmq: TransportOptions } }>(
    'rabbitmq.options.ts',
  );
  const tokenOf = (headers?: object) =>
    transports.rmq.tokenFrom?.(new ExecutionContextHost([{}, { fields: {} }, headers]));
  expect(tokenOf({ authorization: 'Bearer a.b.c' })).toBe('a.b.c');
  expect([tokenOf(), tokenOf({})]).toEqual([null, null]);
});
