import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwksClient } from 'jwks-rsa';
import Koa, { type Middleware } from 'koa';
import { AuthModule, KeyRings } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shown } from './shown.js';

const DOCUMENT = 'docs/guide/jwks-client.md';

let issuer: TestIssuer;
let app: INestApplication;
beforeEach(async () => {
  issuer = await startTestIssuer();
  const { JwksClientModule } = await shown<Type>(DOCUMENT, 'jwks-client.module.ts', issuer, 'jwks-client');
  const auth = AuthModule.forRoot({ issuer: issuer.issuer, audience: issuer.audience });

  @Module({ imports: [auth, JwksClientModule as Type] })
  class ApplicationModule {}
  app = await NestFactory.create(ApplicationModule, { logger: false });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

/** A server on a free port, until the test is over. */
async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { server, url, [Symbol.dispose]: close };
}

const statusAt = (url: string) => async (token: string) =>
  (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;

/** A good token, one of each of these bad kinds, and a good one after a rotation. */
async function verdicts(of: (token: string) => Promise<unknown>): Promise<unknown[]> {
  const { expired, 'wrong key': wrongKey, 'unknown kid': unknownKid } = issuer.badTokens();
  const before = [];
  for (const token of [issuer.token(), expired, wrongKey, unknownKid]) before.push(await of(token));
  await issuer.rotate({ keepOld: false });
  return [...before, await of(issuer.token())];
}

describe('the client is the one of the ring', () => {
  it('and can be injected by its class', async () => {
    await app.init();
    expect(app.get(JwksClient)).toBe(app.get(KeyRings).client(issuer.issuer));
  });
});

describe('the examples of docs/guide/jwks-client.md accept good tokens, refuse bad ones and follow a rotation:', () => {
  it('express-jwt', async () => {
    const { requireToken } = await shown<(client: JwksClient) => never>(
      DOCUMENT,
      'express-jwt.ts',
      issuer,
      'jwks-client',
    );
    const accept = (_request: unknown, response: ServerResponse) => void response.end();
    // Its own error handler: outside of Nest's routes, Express answers.
    const refuse = (error: { status: number }, _: unknown, response: ServerResponse, _next: unknown) =>
      void response.writeHead(error.status).end();
    app.use('/legacy', requireToken?.(app.get(JwksClient)), accept, refuse);
    await app.listen(0, '127.0.0.1');
    const url = `${await app.getUrl()}/legacy`;
    expect(await verdicts(statusAt(url))).toEqual([200, 401, 401, 401, 200]);
  });

  it('a Socket.IO handshake', async () => {
    await app.init();
    type Install = (server: Server, client: JwksClient) => void;
    const { requireHandshakeToken } = await shown<Install>(
      DOCUMENT,
      'socket-handshake.ts',
      issuer,
      'jwks-client',
    );
    using http = await listen(() => {});
    const server = new Server(http.server);
    requireHandshakeToken?.(server, app.get(JwksClient));
    const connects = async (token: string): Promise<boolean> => {
      const client = io(http.url, { auth: { token }, reconnection: false, transports: ['websocket'] });
      const isConnected = await new Promise<boolean>((resolve) => {
        client.on('connect', () => resolve(true)).on('connect_error', () => resolve(false));
      });
      client.close();
      return isConnected;
    };
    expect(await verdicts(connects)).toEqual([true, false, false, false, true]);
    await server.close();
  });

  it('Koa', async () => {
    await app.init();
    const { requireToken } = await shown<(client: JwksClient) => Middleware>(
      DOCUMENT,
      'koa.ts',
      issuer,
      'jwks-client',
    );
    const koa = new Koa();
    koa.silent = true;
    koa.use(requireToken?.(app.get(JwksClient)) as Middleware).use((context) => void (context.body = 'ok'));
    using http = await listen(koa.callback() as RequestListener);
    expect(await verdicts(statusAt(http.url))).toEqual([200, 401, 401, 401, 200]);
  });
});
