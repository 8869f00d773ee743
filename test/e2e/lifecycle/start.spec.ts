import { Controller, Get, Module, UseGuards, type INestApplication, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AuthModule, type AuthOptions } from 'nestjs-jwks-auth';
import {
  captureMetrics,
  startTestIssuer,
  type CapturedMetrics,
  type TestIssuer,
} from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { KEY_POLICY } from '../../../src/keys/key-policy.js';
import { ADAPTERS } from '../../support/guarded-app.js';
import { HttpServer } from '../../support/http-server.js';
import { OpenHandles } from '../../support/open-handles.js';
import { registeredNames } from '../../support/passport-registry.js';

let issuer: TestIssuer;
let metrics: CapturedMetrics;
let handles: OpenHandles;
beforeEach(async () => {
  issuer = await startTestIssuer();
  metrics = await captureMetrics();
  handles = OpenHandles.watch();
});
afterEach(async () => {
  handles[Symbol.dispose]();
  metrics.stop();
  await issuer.close();
});

/** What a running application has in the process: timers, gauges and registrations. */
async function remains(): Promise<{ timers: number; gauges: number; names: number }> {
  await handles.collectGarbage();
  const gauges = (await metrics.collect()).find(({ name }) => name === 'jwks.keyset.keys')?.series ?? [];
  return {
    timers: handles.all.filter((type) => type === 'Timeout').length,
    gauges: gauges.length,
    names: registeredNames().length,
  };
}
const NOTHING = { timers: 0, gauges: 0, names: 0 };
const RUNNING = { timers: 1, gauges: 1, names: 2 };

@Controller()
class AppController {
  @UseGuards(AuthGuard('jwt'))
  @Get('jwt')
  jwt(): string {
    return 'jwt';
  }
}

/** Takes as long to start as a test wants. */
class Slow implements OnModuleInit {
  readonly begun = Promise.withResolvers<void>();
  readonly over = Promise.withResolvers<void>();

  onModuleInit(): Promise<void> {
    this.begun.resolve();
    return this.over.promise;
  }
}

/** Fails in a hook of a module, as a database that cannot be reached. */
const failingIn = (hook: 'onModuleInit' | 'onApplicationBootstrap'): object => ({
  [hook]: () => Promise.reject(new Error('no database')),
});

describe.each(ADAPTERS)('a start on %s', (adapter) => {
  async function create(given: Partial<AuthOptions> = {}, other: object = {}): Promise<INestApplication> {
    const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, ...given });
    @Module({
      imports: [auth],
      controllers: [AppController],
      providers: [{ provide: 'other', useValue: other }],
    })
    class AppModule {}
    const options = { logger: false, abortOnError: false } as const;
    return adapter === 'fastify'
      ? NestFactory.create(AppModule, new FastifyAdapter(), options)
      : NestFactory.create(AppModule, options);
  }

  it('takes a timer, a gauge and a name, and gives them back when the application closes', async () => {
    const app = await create();
    expect(await remains()).toEqual(NOTHING);
    await app.listen(0, '127.0.0.1');
    expect(await remains()).toEqual(RUNNING);
    await app.close();
    expect(await remains()).toEqual(NOTHING);
    expect(handles.active).toEqual([]);
  });

  it.each(['onModuleInit', 'onApplicationBootstrap'] as const)(
    'that another module fails in %s leaves nothing, though nobody closes the application',
    async (hook) => {
      const app = await create({}, failingIn(hook));
      await expect(app.listen(0, '127.0.0.1')).rejects.toThrow('no database');
      expect(await remains()).toEqual(NOTHING);
      expect(issuer.requests.jwks).toBe(0);
    },
  );

  it('that fails for lack of keys leaves nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    issuer.fault('hang', { on: 'all' });
    const app = await create({ keys: { bootstrap: 'require' } });
    const start = app.init().catch((error: unknown) => String(error));
    await vi.waitUntil(() => issuer.requests.log.length > 0, { interval: 5 });
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    vi.advanceTimersByTime(KEY_POLICY.bootstrapWaitMs);
    expect(await start).toContain("keys.bootstrap is 'require'");
    expect(vi.getTimerCount()).toBe(0);
    expect(await remains()).toEqual(NOTHING);
  });

  it('during which the application is closed leaves nothing', async () => {
    issuer.fault('hang', { on: 'all' });
    const app = await create();
    const start = app.init();
    await expect.poll(() => issuer.requests.log.length).toBeGreaterThan(0);
    await Promise.all([app.close(), start]);
    expect(await remains()).toEqual(NOTHING);
  });

  it('during which the application is closed before its keys are fetched leaves nothing', async () => {
    const slow = new Slow();
    // A start that went on would fail for lack of keys.
    const app = await create({ keys: { bootstrap: 'require' } }, slow);
    const start = app.init().catch((error: unknown) => String(error));
    await slow.begun.promise;
    await app.close();
    slow.over.resolve();
    // Fastify refuses to go on by itself.
    expect(await start).not.toContain('keys.bootstrap');
    expect(await remains()).toEqual(NOTHING);
  });

  it('at a port that is taken gives the name back until another port is free', async () => {
    await using taken = await HttpServer.start((_, response) => void response.end());
    const app = await create();
    await expect(app.listen(taken.port, '127.0.0.1')).rejects.toThrow('EADDRINUSE');
    expect(await remains()).toMatchObject({ gauges: 0, names: 0 });
    // Fastify's own server listens once.
    if (adapter === 'fastify') return app.close();
    await app.listen(0, '127.0.0.1');
    expect(await remains()).toEqual(RUNNING);
    const headers = { authorization: `Bearer ${issuer.token()}` };
    expect((await fetch(`${await app.getUrl()}/jwt`, { headers })).status).toBe(200);
    await app.close();
    expect(await remains()).toEqual(NOTHING);
  });
});
