import {
  Catch,
  Controller,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  type ExceptionFilter,
  type LoggerService,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  EventPattern,
  KafkaRetriableException,
  MessagePattern,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import {
  AuthModule,
  CurrentUser,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireScopes,
  type AuthModuleExtras,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { throwError, type Observable } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EventServer, kafkaMessage, rabbitMessage } from '../../support/event-server.js';

let handled: unknown[] = [];

/** What applications put on everything. */
@Catch()
class EveryException implements ExceptionFilter {
  catch(error: Error): Observable<never> {
    return throwError(() => error);
  }
}

@Controller()
class OrdersHandler {
  @UseGuards(JwtAuthGuard)
  @EventPattern('placed')
  placed(@CurrentUser('sub') sub: string): void {
    handled.push(sub);
  }

  @RequireScopes('orders:write')
  @EventPattern('scoped')
  scoped(_data: unknown): void {
    handled.push('scoped');
  }

  @UseFilters(EveryException)
  @RequireScopes('orders:write')
  @EventPattern('filtered')
  filtered(_data: unknown): void {
    handled.push('filtered');
  }

  @EventPattern('bare')
  bare(_data: unknown): void {
    handled.push('bare');
  }

  @Public()
  @EventPattern('open')
  open(_data: unknown): void {
    handled.push('open');
  }

  @OptionalAuth()
  @EventPattern('optional')
  optional(@CurrentUser('sub') sub: string | undefined): void {
    handled.push(sub ?? 'anonymous');
  }

  @UseGuards(JwtAuthGuard)
  @EventPattern('failing')
  failing(_data: unknown): void {
    throw new Error('of the handler');
  }

  @UseGuards(JwtAuthGuard)
  @MessagePattern('asked')
  asked(_data: unknown): string {
    return 'answered';
  }
}

@UseFilters(EveryException)
@UseGuards(JwtAuthGuard)
@Controller({ scope: Scope.REQUEST })
class ScopedHandler {
  @EventPattern('each')
  each(_data: unknown): void {
    handled.push('each');
  }
}

class Warnings implements LoggerService {
  readonly lines: string[] = [];
  log(): void {}
  error(): void {}
  warn(line: string): void {
    this.lines.push(line);
  }
}

interface Worker extends AsyncDisposable {
  readonly server: EventServer;
  readonly warnings: string[];
}

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
beforeEach(() => {
  handled = [];
});
afterAll(() => issuer.close());

async function startWorker(
  options: Partial<AuthOptions & AuthModuleExtras> = {},
  { controllers = [OrdersHandler, ScopedHandler], isHybrid = false }: WorkerOptions = {},
): Promise<Worker> {
  @Module({
    imports: [AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, ...options })],
    controllers,
  })
  class AppModule {}
  const logger = new Warnings();
  const strategy = new EventServer();
  const nestOptions = { logger, abortOnError: false };
  if (!isHybrid) {
    const worker = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
      strategy,
      ...nestOptions,
    });
    await worker.listen();
    return { server: strategy, warnings: logger.lines, [Symbol.asyncDispose]: () => worker.close() };
  }
  const app = await NestFactory.create(AppModule, nestOptions);
  app.connectMicroservice<MicroserviceOptions>({ strategy });
  await app.startAllMicroservices();
  return { server: strategy, warnings: logger.lines, [Symbol.asyncDispose]: () => app.close() };
}

interface WorkerOptions {
  readonly controllers?: Type[];
  readonly isHybrid?: boolean;
}

describe.each([false, true])('an event, in a hybrid application: %s', (isHybrid) => {
  it('with a good token is handled', async () => {
    await using worker = await startWorker({}, { isHybrid });
    await worker.server.deliver('placed', kafkaMessage(issuer.token({ sub: 'ada' })));
    await worker.server.deliver('scoped', kafkaMessage(issuer.token({ scope: 'orders:write' })));
    await worker.server.deliver('filtered', kafkaMessage(issuer.token({ scope: 'orders:write' })));
    await worker.server.deliver('each', kafkaMessage(issuer.token()));
    expect(handled).toEqual(['ada', 'scoped', 'filtered', 'each']);
    expect(worker.warnings).toEqual([]);
  });

  it.each([
    ['placed', 'missing_token', () => undefined],
    ['placed', 'expired', () => issuer.token({ exp: Math.floor(Date.now() / 1_000) - 60 })],
    ['placed', 'bad_signature', () => `${issuer.token().slice(0, -8)}AAAAAAAA`],
    ['placed', 'bad_signature', () => issuer.badTokens()['unknown kid']],
    ['placed', 'wrong_audience', () => issuer.token({ aud: 'other' })],
    ['optional', 'wrong_audience', () => issuer.token({ aud: 'other' })],
    ['scoped', 'insufficient_scope', () => issuer.token()],
    ['filtered', 'insufficient_scope', () => issuer.token()],
  ])('for %s that is refused (%s) is dropped with one line', async (pattern, code, token) => {
    await using worker = await startWorker({}, { isHybrid });
    await expect(worker.server.deliver(pattern, kafkaMessage(token()))).resolves.toBeUndefined();
    expect(handled).toEqual([]);
    expect(worker.warnings).toEqual([`An event for OrdersHandler.${pattern} is dropped: ${code}`]);
  });

  it('for a controller that is made for each request is dropped with one line', async () => {
    await using worker = await startWorker({}, { isHybrid });
    await expect(worker.server.deliver('each', kafkaMessage())).resolves.toBeUndefined();
    expect(handled).toEqual([]);
    expect(worker.warnings).toEqual(['An event for ScopedHandler.each is dropped: missing_token']);
  });

  it('is dropped where the option guardEveryRoute put the guard', async () => {
    await using worker = await startWorker({ guardEveryRoute: true }, { isHybrid });
    await expect(worker.server.deliver('bare', kafkaMessage())).resolves.toBeUndefined();
    expect(worker.warnings).toEqual(['An event for OrdersHandler.bare is dropped: missing_token']);
    await worker.server.deliver('bare', kafkaMessage(issuer.token()));
    await worker.server.deliver('open', kafkaMessage('bad'));
    await worker.server.deliver('optional', kafkaMessage());
    expect(handled).toEqual(['bare', 'open', 'anonymous']);
  });
});

it('a refused event does not hold back another handler of the same event', async () => {
  @Controller()
  class AuditHandler {
    @EventPattern('placed')
    record(_data: unknown): void {
      handled.push('recorded');
    }
  }
  await using worker = await startWorker({}, { controllers: [OrdersHandler, AuditHandler] });
  await worker.server.deliver('placed', kafkaMessage());
  expect(handled).toEqual(['recorded']);
  expect(worker.warnings).toHaveLength(1);
});

it('a message that waits for an answer gets the refusal', async () => {
  await using worker = await startWorker();
  const isAsked = true;
  for (const message of [kafkaMessage(undefined, { isAsked }), rabbitMessage()])
    await expect(worker.server.deliver('asked', message)).rejects.toEqual({
      status: 'error',
      code: 'missing_token',
      message: 'The request carries no bearer token',
    });
  const answer = worker.server.deliver('asked', kafkaMessage(issuer.token(), { isAsked }));
  await expect(answer).resolves.toBe('answered');
  expect(worker.warnings).toEqual([]);
});

it('a message of Kafka that names no topic to reply to is dropped like an event', async () => {
  await using worker = await startWorker();
  await expect(worker.server.deliver('asked', kafkaMessage())).resolves.toBeUndefined();
  expect(worker.warnings).toEqual(['An event for OrdersHandler.asked is dropped: missing_token']);
  await expect(worker.server.deliver('asked', kafkaMessage(issuer.token()))).resolves.toBe('answered');
});

it('what a handler throws is thrown to the transport', async () => {
  await using worker = await startWorker();
  await expect(worker.server.deliver('failing', kafkaMessage(issuer.token()))).rejects.toMatchObject({
    status: 'error',
  });
});

it("refusedEvent: 'throw' throws the refusal to the transport, in its application alone", async () => {
  await using dropping = await startWorker();
  await using throwing = await startWorker({ transports: { rpc: { refusedEvent: 'throw' } } });
  const refusal = { status: 'error', code: 'missing_token' };
  await expect(throwing.server.deliver('placed', kafkaMessage())).rejects.toMatchObject(refusal);
  // Nest has one logger for all applications of a process.
  expect(throwing.warnings).toEqual([]);
  await expect(dropping.server.deliver('placed', kafkaMessage())).resolves.toBeUndefined();
  expect(throwing.warnings).toHaveLength(1);
  await throwing.server.deliver('placed', kafkaMessage(issuer.token({ sub: 'ada' })));
  expect(handled).toEqual(['ada']);
});

it('an event that cannot be decided is thrown to the transport, which delivers it again', async () => {
  await using away = await startTestIssuer();
  away.fault({ status: 500 }, { on: 'all' });
  await using worker = await startWorker({
    issuer: away.issuer,
    audience: away.audience,
    keys: { bootstrap: 'background' },
  });
  const ofKafka: unknown = await worker.server
    .deliver('placed', kafkaMessage(away.token()))
    .catch((error: unknown) => error);
  expect(ofKafka).toBeInstanceOf(KafkaRetriableException);
  expect(ofKafka).toMatchObject({ error: { code: 'keys_unavailable' } });
  await expect(worker.server.deliver('placed', rabbitMessage(away.token()))).rejects.toMatchObject({
    status: 'error',
    code: 'keys_unavailable',
  });
  expect(handled).toEqual([]);
  expect(worker.warnings.filter((line) => line.includes('dropped'))).toEqual([]);
});
