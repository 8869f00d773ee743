import {
  Controller,
  UseGuards,
  UseInterceptors,
  type INestApplication,
  type INestApplicationContext,
} from '@nestjs/common';
import {
  ClientProxyFactory,
  MessagePattern,
  Transport,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { EndAtExpiry, JwtAuthGuard, OptionalAuth } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { Subject, type Observable } from 'rxjs';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.js';
import { connect, graphQLModule, SERVERS } from '../../support/graphql-app.js';
import { clientOf, grpcOptions, OrdersService, statusOf } from '../../support/grpc-app.js';
import { ManualClock } from '../../support/manual-clock.js';
import { moduleByClock } from '../../support/stream-clock.js';

const LIFETIME_MS = 300_000;
const TOLERANCE_MS = 5_000;

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

const options = () => ({
  issuer: issuer.issuer,
  audience: issuer.audience,
  clockToleranceMs: TOLERANCE_MS,
});
/** `exp` of a token that ends in five minutes of the clock. */
const expOf = (clock: ManualClock): number => Math.floor((clock.wallNow() + LIFETIME_MS) / 1_000);

const closing = (app: INestApplicationContext): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => app.close(),
});

describe('EndAtExpiry on a server stream of gRPC', () => {
  it('completes the stream when the token ends', async () => {
    const clock = new ManualClock(Date.now());
    const module = await moduleByClock(clock, options(), { controllers: [OrdersService] });
    const { url, ...server } = await grpcOptions();
    const app = module.createNestMicroservice<MicroserviceOptions>(server);
    await using _ = closing(app);
    await app.listen();
    using client = clientOf(url);

    const stream = client.orders.Ticks({ text: '' }, issuer.grpcMetadata({ exp: expOf(clock) }));
    const status = statusOf(stream);
    const texts: string[] = [];
    stream.on('data', ({ text }: { text: string }) => texts.push(text));
    await expect.poll(() => OrdersService.ticks.observed).toBe(true);
    await clock.advance(LIFETIME_MS);
    OrdersService.ticks.next('within the tolerance');
    await clock.advance(TOLERANCE_MS);
    expect(await status).toMatchObject({ code: 0 });
    expect(texts).toEqual(['within the tolerance']);
    expect([OrdersService.ticks.observed, clock.pending]).toEqual([false, 0]);

    const cancelled = client.orders.Ticks({ text: '' }, issuer.grpcMetadata({ exp: expOf(clock) }));
    const ended = statusOf(cancelled);
    await expect.poll(() => clock.pending).toBe(1);
    cancelled.cancel();
    expect(await ended).toMatchObject({ code: 1 });
    await expect.poll(() => clock.pending).toBe(0);
  });
});

describe('EndAtExpiry on an answer of many values over TCP', () => {
  const values = new Subject<string>();

  @Controller()
  class ValuesController {
    @UseGuards(JwtAuthGuard)
    @UseInterceptors(EndAtExpiry)
    @MessagePattern('values')
    values(_data: unknown): Observable<string> {
      return values;
    }
  }

  it('completes it when the token ends', async () => {
    const clock = new ManualClock(Date.now());
    const module = await moduleByClock(clock, options(), { controllers: [ValuesController] });
    const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } } as const;
    const client = ClientProxyFactory.create(tcp);
    const app = module.createNestMicroservice<MicroserviceOptions>(tcp);
    await using _ = closing(app);
    await app.listen();
    const authorization = `Bearer ${issuer.token({ exp: expOf(clock) })}`;
    client.setOnDispatchHook((packet) => void Object.assign(packet, { metadata: { authorization } }));
    const received: unknown[] = [];
    const completed = new Promise<void>((resolve, reject) =>
      client.send('values', {}).subscribe({
        next: (value) => received.push(value),
        error: reject,
        complete: resolve,
      }),
    );
    await expect.poll(() => values.observed).toBe(true);
    values.next('one');
    await clock.advance(LIFETIME_MS + TOLERANCE_MS);
    await completed;
    expect(received).toEqual(['one']);
    expect([values.observed, clock.pending]).toEqual([false, 0]);
    await client.close();
  });
});

describe('EndAtExpiry on an answer of many values of a gateway', () => {
  const values = new Subject<{ event: string; data: string }>();

  @WebSocketGateway()
  class ValuesGateway {
    @UseGuards(JwtAuthGuard)
    @UseInterceptors(EndAtExpiry)
    @SubscribeMessage('values')
    values(): Observable<{ event: string; data: string }> {
      return values;
    }
  }

  it('completes it when the token ends', async () => {
    const clock = new ManualClock(Date.now());
    const module = await moduleByClock(clock, options(), { providers: [ValuesGateway] });
    const app = module.createNestApplication();
    app.useWebSocketAdapter(new IoAdapter(app));
    await using _ = closing(app);
    await app.listen(0, '127.0.0.1');
    const client = io(await app.getUrl(), { auth: { token: issuer.token({ exp: expOf(clock) }) } });
    const received = new Promise((resolve) => client.once('value', resolve));
    client.emit('values');
    await expect.poll(() => values.observed).toBe(true);
    values.next({ event: 'value', data: 'one' });
    expect(await received).toBe('one');
    await clock.advance(LIFETIME_MS + TOLERANCE_MS);
    expect([values.observed, clock.pending]).toEqual([false, 0]);
    client.disconnect();
  });
});

describe.each(SERVERS)('EndAtExpiry on a @Subscription, with %s', (server) => {
  let next = () => {};
  let finished = 0;

  @Resolver()
  class TicksResolver {
    @Query(() => String)
    nothing(): string {
      return 'nothing';
    }

    @UseGuards(JwtAuthGuard)
    @UseInterceptors(EndAtExpiry)
    @Subscription(() => String)
    ticks(): AsyncGenerator<{ ticks: string }> {
      return this.values();
    }

    @OptionalAuth()
    @UseInterceptors(EndAtExpiry)
    @Subscription(() => String)
    open(): AsyncGenerator<{ open: string }> {
      return (async function* values() {
        yield { open: 'open' };
      })();
    }

    private async *values(): AsyncGenerator<{ ticks: string }> {
      try {
        for (let i = 1; ; i += 1) {
          yield { ticks: `tick ${i}` };
          await new Promise<void>((resolve) => (next = resolve));
        }
      } finally {
        finished += 1;
      }
    }
  }

  const start = async (clock: ManualClock): Promise<INestApplication> => {
    const module = await moduleByClock(clock, options(), {
      imports: [graphQLModule(server)],
      providers: [TicksResolver],
    });
    const app =
      server === 'Apollo on Express'
        ? module.createNestApplication()
        : module.createNestApplication(new FastifyAdapter());
    await app.listen(0, '127.0.0.1');
    return app;
  };

  it('completes the subscription when the token ends', async () => {
    const clock = new ManualClock(Date.now());
    const app = await start(clock);
    await using _ = closing(app);
    const url = `${await app.getUrl()}/graphql`;
    const authorization = `Bearer ${issuer.token({ exp: expOf(clock) })}`;
    await using client = connect(url, { authorization }, {});

    const subscription = client.iterate({ query: 'subscription { ticks }' });
    expect(await subscription.next()).toMatchObject({ value: { data: { ticks: 'tick 1' } } });
    expect(clock.pending).toBe(1);
    await clock.advance(LIFETIME_MS);
    next();
    expect(await subscription.next()).toMatchObject({ value: { data: { ticks: 'tick 2' } } });
    await clock.advance(TOLERANCE_MS);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    expect(clock.pending).toBe(0);
    next();
    await expect.poll(() => finished).toBe(1);

    await using anonymous = connect(url, undefined, {});
    const open = anonymous.iterate({ query: 'subscription { open }' });
    expect(await open.next()).toMatchObject({ value: { data: { open: 'open' } } });
    expect(await open.next()).toEqual({ done: true, value: undefined });
  });

  it('leaves no timer when the client goes first', async () => {
    const clock = new ManualClock(Date.now());
    const app = await start(clock);
    await using _ = closing(app);
    const authorization = `Bearer ${issuer.token({ exp: expOf(clock) })}`;
    await using client = connect(`${await app.getUrl()}/graphql`, { authorization }, {});
    const subscription = client.iterate({ query: 'subscription { ticks }' });
    await subscription.next();
    expect(clock.pending).toBe(1);
    await subscription.return?.();
    await expect.poll(() => clock.pending).toBe(0);
  });
});
