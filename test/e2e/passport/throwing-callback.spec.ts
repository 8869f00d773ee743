import { Module, type MiddlewareConsumer } from '@nestjs/common';
import { AuthModule, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS, listen, SampleController, type Adapter } from '../../support/guarded-app.js';
import { createProvider } from '../../support/key-provider.js';

type Next = (error?: unknown) => void;
type Callback = (error: unknown, user: unknown, next: Next) => unknown;

const mine = () => {
  throw new Error('mine');
};

/** What applications write, and what goes wrong in it. */
const CALLBACKS: Readonly<Record<string, Callback>> = {
  'throws when it gets a user': (error, user, next) => (error ? next(error) : user ? mine() : next()),
  'rejects when it gets a user': async (error, user, next) => (error ? next(error) : user ? mine() : next()),
  'throws whatever it gets': mine,
  'throws nothing that is an error': () => {
    throw null;
  },
  'throws what skips handlers in Express': () => {
    throw 'route';
  },
};

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);
let issuer: TestIssuer;
beforeEach(async () => {
  process.on('unhandledRejection', onUnhandled);
  issuer = await startTestIssuer();
});
afterEach(async () => {
  // Node reports them between two turns of the event loop.
  await new Promise(setImmediate);
  process.off('unhandledRejection', onUnhandled);
  passport.unuse('own');
  await issuer.close();
  assert.deepEqual(unhandled.splice(0), []);
});

/** An application in which the routes stand behind a middleware that has Passport call this callback. */
function start(adapter: Adapter, strategy: string, callback: Callback, given: Partial<AuthOptions> = {}) {
  const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience, ...given });
  const guard = (request: IncomingMessage, response: ServerResponse, next: Next) => {
    const isGood = request.headers['x-callback'] === 'good';
    const good: Callback = (error, user) => next(error ?? (user ? undefined : new Error('no user')));
    const answer = (error: unknown, user: unknown) => (isGood ? good : callback)(error, user, next);
    passport.authenticate(strategy, { session: false }, answer)(request, response, next);
  };
  @Module({ imports: [auth], controllers: [SampleController] })
  class AppModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(guard).forRoutes('open');
    }
  }
  return listen(AppModule, { adapter });
}

/** A passport-jwt strategy of the application, with keys of ours. */
const ownStrategy = () =>
  new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: createProvider({ jwksUri: issuer.jwksUri }),
      algorithms: ['RS256'],
    },
    (claims: object, done: (error: null, user: object) => void) => done(null, claims),
  );

/** The status of an answer; what the callback throws on top of an error can only close a connection of Fastify. */
const statusOf = (answer: Promise<Response>): Promise<number | 'closed'> =>
  answer.then(
    ({ status }) => status,
    () => 'closed' as const,
  );

describe.each(ADAPTERS)('a callback of passport.authenticate on %s', (adapter) => {
  const statusWhenItGoesOnThrowing = adapter === 'express' ? 500 : 'closed';

  // passport-jwt drops the promise of its callback, so what rejects there is beyond reach.
  const callbacksOf = (strategy: string) =>
    Object.entries(CALLBACKS).filter(([name]) => strategy === 'jwt' || !name.startsWith('rejects'));

  describe.each(['jwt', 'own'])('for the strategy %j', (strategy) => {
    beforeEach(() => {
      if (strategy === 'own') passport.use('own', ownStrategy());
    });

    it.each(callbacksOf(strategy))('that %s ends its request, and nothing else', async (name, callback) => {
      await using api = await start(adapter, strategy, callback);
      const status = await statusOf(api.get('/open', issuer.token()));
      expect(status).toBe(name.includes('gets a user') ? 500 : statusWhenItGoesOnThrowing);
      const good = { 'x-callback': 'good' };
      expect((await api.get('/open', issuer.token(), good)).status).toBe(200);
      expect((await api.get('/open', issuer.token({ exp: 1 }), good)).status).toBe(500);
    });
  });

  it('that throws when it gets an outage ends its request, and nothing else', async () => {
    issuer.fault({ status: 500 }, { on: 'all' });
    const callback: Callback = (_error, user, next) => next((user as { sub: string }).sub);
    await using api = await start(adapter, 'jwt', callback, { keys: { bootstrap: 'background' } });
    expect(await statusOf(api.get('/open', issuer.token()))).toBe(statusWhenItGoesOnThrowing);
  });
});

describe.each(ADAPTERS)('what a hook of the application throws on %s', (adapter) => {
  it.each([null, 'route', 'router', new Error('mine')])('is an error for Passport: %o', async (thrown) => {
    const validate = () => {
      throw thrown;
    };
    const callback: Callback = (error, user, next) =>
      next(error ?? (user ? undefined : new Error('no user')));
    await using refusing = await start(adapter, 'jwt', callback, { validate });
    expect((await refusing.get('/open', issuer.token())).status).toBe(500);
    await using accepting = await start(adapter, 'jwt', callback);
    expect((await accepting.get('/open', issuer.token())).status).toBe(200);
  });
});
