import { Controller, Get, Logger, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import { AuthModule, CurrentUser, JwtStrategy } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import passport from 'passport';
import { Strategy } from 'passport-strategy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS, listen, startGuardedApp, type Adapter } from '../../support/guarded-app.js';
import { HttpServer } from '../../support/http-server.js';
import { registeredAs, registeredNames } from '../../support/passport-registry.js';

@Controller()
class NamedController {
  @UseGuards(AuthGuard('jwt'))
  @Get('jwt')
  jwt(@CurrentUser('sub') sub: string): unknown {
    return { sub };
  }
}
const controllers = [NamedController];

/** Accepts every request. */
class AcceptingStrategy extends Strategy {
  override authenticate(): void {
    this.success({ sub: 'anybody' });
  }
}

/** An application without AuthModule. */
@Module({ controllers })
class OtherModule {}

let issuers: readonly [TestIssuer, TestIssuer];
beforeAll(async () => {
  issuers = [await startTestIssuer(), await startTestIssuer()];
});
afterAll(() => Promise.all(issuers.map((issuer) => issuer.close())));

const optionsOf = ({ issuer, audience }: TestIssuer) => ({ issuer, audience });
const start = (issuer: TestIssuer, adapter: Adapter) =>
  startGuardedApp(optionsOf(issuer), { adapter, controllers });

let warn = vi.spyOn(Logger.prototype, 'warn');
beforeEach(() => {
  warn = vi.spyOn(Logger.prototype, 'warn');
});
afterEach(() => {
  assert.deepEqual(registeredNames(), []);
  vi.restoreAllMocks();
});

const warnings = () => warn.mock.calls.filter(([message]) => String(message).includes('Passport strategy'));

const PAIRS = ADAPTERS.flatMap((first) => ADAPTERS.map((second) => [first, second] as const));

describe.each(PAIRS)("AuthGuard('jwt') of an application on %s, beside another on %s", (one, another) => {
  it('trusts the issuer of its own application, before, while and after the other runs', async () => {
    await using first = await start(issuers[0], one);
    const statuses = async () =>
      Promise.all(issuers.map(async (issuer) => (await first.get('/jwt', issuer.token())).status));
    expect(await statuses()).toEqual([200, 401]);
    const second = await start(issuers[1], another);
    expect(await statuses()).toEqual([200, 401]);
    expect((await second.get('/jwt', issuers[0].token())).status).toBe(401);
    expect((await second.get('/jwt', issuers[1].token())).status).toBe(200);
    await second.app.close();
    expect(await statuses()).toEqual([200, 401]);
    expect(warnings()).toEqual([]);
  });

  it('trusts its own issuer when the application that started first has closed', async () => {
    const first = await start(issuers[0], one);
    await using second = await start(issuers[1], another);
    await first.app.close();
    expect((await second.get('/jwt', issuers[0].token())).status).toBe(401);
    expect((await second.get('/jwt', issuers[1].token())).status).toBe(200);
  });

  it('is not open to the tokens of the other in an application without AuthModule', async () => {
    await using first = await start(issuers[0], one);
    await using other = await listen(OtherModule, { adapter: another });
    expect((await other.get('/jwt', issuers[0].token())).status).toBe(500);
    expect((await first.get('/jwt', issuers[0].token())).status).toBe(200);
  });
});

describe.each(ADAPTERS)('a strategy "jwt" of somebody else, with AuthModule on %s', (adapter) => {
  const own = new AcceptingStrategy();
  afterEach(() => void passport.unuse('jwt'));

  async function expectApart(): Promise<void> {
    await using other = await listen(OtherModule, { adapter });
    expect((await other.get('/jwt')).status).toBe(200);
  }

  it('that was registered before gets no request of the application, and has its name back after it', async () => {
    passport.use('jwt', own);
    const first = await start(issuers[0], adapter);
    expect(warnings()).toEqual([[expect.stringContaining("PassportStrategy(Strategy, 'other')")]]);
    expect((await first.get('/jwt')).status).toBe(401);
    expect((await first.get('/jwt', issuers[0].token())).status).toBe(200);
    await expectApart();
    await first.app.close();
    expect(registeredAs('jwt')).toBe(own);
    passport.unuse('jwt');
  });

  it('that is registered later does not take the name over, and has it after the application', async () => {
    const first = await start(issuers[0], adapter);
    passport.use('jwt', own);
    expect(warnings()).toHaveLength(1);
    expect((await first.get('/jwt')).status).toBe(401);
    expect((await first.get('/jwt', issuers[0].token())).status).toBe(200);
    await expectApart();
    await first.app.close();
    expect(registeredAs('jwt')).toBe(own);
    passport.unuse('jwt');
  });

  it('that is removed by whoever registered it does not open the application', async () => {
    await using first = await start(issuers[0], adapter);
    passport.unuse('jwt');
    expect((await first.get('/jwt', issuers[0].token())).status).toBe(500);
    await using second = await start(issuers[1], adapter);
    expect((await first.get('/jwt', issuers[0].token())).status).toBe(200);
    expect((await second.get('/jwt', issuers[0].token())).status).toBe(401);
  });
});

describe('a request', () => {
  it('belongs to the application that it is mounted in, not to the one around it', async () => {
    await using inner = await start(issuers[1], 'express');
    @Module({ imports: [AuthModule.forRoot(optionsOf(issuers[0]))], controllers })
    class OuterModule {}
    const app = await NestFactory.create(OuterModule, { logger: false, abortOnError: false });
    app.use('/inner', inner.app.getHttpAdapter().getInstance() as RequestListener);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const status = async (path: string, issuer: TestIssuer) => {
      const headers = { authorization: `Bearer ${issuer.token()}` };
      return (await fetch(url + path, { headers })).status;
    };
    expect(await Promise.all(issuers.map((issuer) => status('/jwt', issuer)))).toEqual([200, 401]);
    expect(await Promise.all(issuers.map((issuer) => status('/inner/jwt', issuer)))).toEqual([401, 200]);
    await app.close();
  });

  it('belongs to its application without a listening server', async () => {
    await using first = await start(issuers[0], 'fastify');
    await using second = await start(issuers[1], 'fastify');
    for (const [index, { app }] of [first, second].entries()) {
      const fastify = app.getHttpAdapter() as FastifyAdapter;
      const answers = issuers.map((issuer) =>
        fastify.inject({ url: '/jwt', headers: { authorization: `Bearer ${issuer.token()}` } }),
      );
      const statuses = (await Promise.all(answers)).map(({ statusCode }) => statusCode);
      expect(statuses).toEqual(index === 0 ? [200, 401] : [401, 200]);
    }
  });

  it('belongs to the only application without a server, and to none when there are two', async () => {
    const contextOf = async (issuer: TestIssuer) => {
      @Module({ imports: [AuthModule.forRoot(optionsOf(issuer))] })
      class ContextModule {}
      return NestFactory.createApplicationContext(ContextModule, { logger: false, abortOnError: false });
    };
    const context = await contextOf(issuers[0]);
    const app = express()
      .get('/jwt', passport.authenticate('jwt', { session: false }), (_, response) => response.end())
      .get(
        '/own',
        (request, response, next) => {
          const { name } = context.get(JwtStrategy);
          passport.authenticate(name, { session: false })(request, response, next);
        },
        (_, response) => response.end(),
      );
    app.use((error: Error, _q: unknown, response: express.Response, _n: unknown) => {
      response.status(500).end(error.message);
    });
    await using server = await HttpServer.start(app);
    const ask = (path: string, issuer: TestIssuer) =>
      fetch(new URL(path, server.url), { headers: { authorization: `Bearer ${issuer.token()}` } });
    expect((await ask('jwt', issuers[0])).status).toBe(200);
    expect((await ask('jwt', issuers[1])).status).toBe(401);
    const second = await contextOf(issuers[1]);
    const answer = await ask('jwt', issuers[0]);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('JwtStrategy.name');
    expect((await ask('own', issuers[0])).status).toBe(200);
    expect((await ask('own', issuers[1])).status).toBe(401);
    await second.close();
    expect((await ask('jwt', issuers[0])).status).toBe(200);
    await context.close();
  });
});
