import { captureSpans, startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { KeyRings, Revocations, type AuthOptions } from 'nestjs-jwks-auth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connections } from '../../../src/connections/connections.js';
import {
  connect,
  connectSocketIo,
  LIBRARIES,
  startGatewayApp,
  type GatewayClient,
  type Library,
} from '../../support/gateway-app.js';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());
const options = (): AuthOptions => ({
  issuer: issuer.issuer,
  audience: issuer.audience,
  clockToleranceMs: 0,
});
/** Long enough to connect on a busy machine. */
const SHORT_MS = 2_000;

/** What a client hears when its connection is ended. */
async function heardAtEnd(library: Library, client: GatewayClient): Promise<unknown> {
  if (library === 'ws') return client.ended;
  const { event, data } = await client.next();
  return [event, (data as { code?: string }).code, await client.ended];
}

describe.each(LIBRARIES)('a connection with %s', (library) => {
  it.each([0, 1_000])('ends with its token, and the tolerance of %i ms', async (clockToleranceMs) => {
    await using api = await startGatewayApp({ ...options(), clockToleranceMs }, { library });
    const endsAt = Date.now() + SHORT_MS;
    await using client = await connect(
      library,
      api,
      issuer.token({}, { expiresInMs: SHORT_MS - clockToleranceMs }),
    );
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
    expect(await heardAtEnd(library, client)).toEqual(
      library === 'ws' ? '4401 expired' : ['exception', 'expired', 'io server disconnect'],
    );
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt);
  });

  it("stays with atExpiry 'refuse', and its messages are refused until it is renewed", async () => {
    await using api = await startGatewayApp(
      { ...options(), transports: { ws: { atExpiry: 'refuse' } } },
      { library },
    );
    const token = issuer.token({}, { expiresInMs: SHORT_MS });
    const until = Date.now() + SHORT_MS;
    await using client = await connect(library, api, token);
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
    await new Promise((resolve) => void setTimeout(resolve, until - Date.now() + 5));
    expect(await client.ask('me')).toMatchObject({ event: 'exception', data: { code: 'expired' } });
    await api.auth.recheckAll();
    expect(await client.ask('renew', issuer.token())).toEqual({ event: 'renew', data: 'user-1' });
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
  });

  it('lives on when its token is renewed in time', async () => {
    await using api = await startGatewayApp(options(), { library });
    const until = Date.now() + SHORT_MS;
    await using client = await connect(library, api, issuer.token({}, { expiresInMs: SHORT_MS }));
    await using other = await connect(library, api, issuer.token({}, { expiresInMs: SHORT_MS }));
    expect(await client.ask('renew', issuer.token())).toEqual({ event: 'renew', data: 'user-1' });
    await heardAtEnd(library, other);
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
  });

  it('is renewed by a renewal that was under way when its token ended', async () => {
    let resume: (() => void) | undefined;
    const paused = new Promise<void>((resolve) => {
      resume = resolve;
    });
    await using api = await startGatewayApp(
      {
        ...options(),
        isRevoked: async ({ jti }) => (jti === 'new' ? await paused.then(() => false) : false),
      },
      { library },
    );
    await using client = await connect(library, api, issuer.token({}, { expiresInMs: SHORT_MS }));
    await using other = await connect(library, api, issuer.token({}, { expiresInMs: SHORT_MS }));
    client.send('renew', issuer.token({ jti: 'new' }));
    await heardAtEnd(library, other);
    resume?.();
    expect(await client.next()).toEqual({ event: 'renew', data: 'user-1' });
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
  });

  it.each([
    ['of another subject', () => issuer.token({ sub: 'mallory' }), 'user_rejected'],
    ['without a subject', () => issuer.token({ sub: undefined }), 'user_rejected'],
    ['that is forged', () => issuer.badTokens()['wrong key'], 'bad_signature'],
    ['that has expired', () => issuer.badTokens().expired, 'expired'],
    ['that is no string', () => ({ token: 1 }) as never, 'malformed_token'],
  ])('is not renewed with a token %s, and keeps its own', async (_, token, code) => {
    await using api = await startGatewayApp(options(), { library });
    await using client = await connect(library, api, issuer.token({ sub: 'alice' }));
    expect(await client.ask('renew', token())).toEqual({ event: 'renew', data: code });
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'alice' });
    expect(await client.ask('renew', issuer.token({ sub: 'alice' }))).toEqual({
      event: 'renew',
      data: 'alice',
    });
  });

  it('is not renewed when its token names no subject, whoever may have the other one', async () => {
    await using api = await startGatewayApp(options(), { library });
    await using client = await connect(library, api, issuer.token({ sub: undefined }));
    expect(await client.ask('renew', issuer.token({ sub: undefined }))).toEqual({
      event: 'renew',
      data: 'user_rejected',
    });
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
  });

  it('is not renewed with a token of another issuer, whoever it names', async () => {
    await using second = await startTestIssuer();
    await using api = await startGatewayApp(
      {
        issuers: [{ issuer: issuer.issuer }, { issuer: second.issuer }],
        audience: [issuer.audience, second.audience],
      },
      { library },
    );
    await using client = await connect(library, api, issuer.token({ sub: 'alice' }));
    expect(await client.ask('renew', second.token({ sub: 'alice' }))).toEqual({
      event: 'renew',
      data: 'user_rejected',
    });
    await using of2 = await connect(library, api, second.token({ sub: 'alice' }));
    expect(await of2.ask('renew', second.token({ sub: 'alice' }))).toEqual({
      event: 'renew',
      data: 'alice',
    });
  });

  it('has its messages refused once isRevoked says so, and ends with recheckAll', async () => {
    const revoked = new Set<unknown>();
    await using api = await startGatewayApp(
      { ...options(), isRevoked: ({ jti }) => revoked.has(jti) },
      { library },
    );
    await using client = await connect(library, api, issuer.token({ jti: 'one' }));
    await using other = await connect(library, api, issuer.token({ jti: 'two' }));
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
    revoked.add('one');
    expect(await client.ask('me')).toMatchObject({ event: 'exception', data: { code: 'revoked' } });
    await api.auth.recheckAll(({ claims }) => claims.jti === 'two');
    expect(await client.ask('open')).toMatchObject({ event: 'open' });
    await api.auth.recheckAll();
    expect(await heardAtEnd(library, client)).toEqual(
      library === 'ws' ? '4401 revoked' : ['exception', 'revoked', 'io server disconnect'],
    );
    expect(await other.ask('me')).toMatchObject({ event: 'me' });
  });

  it('ends at once when its session is revoked', async () => {
    await using api = await startGatewayApp(options(), { library });
    await using client = await connect(library, api, issuer.token({ sid: 'one' }));
    await using other = await connect(library, api, issuer.token({ sid: 'two' }));
    await api.app.get(Revocations).revokeSession(issuer.issuer, 'one');
    expect(await heardAtEnd(library, client)).toEqual(
      library === 'ws' ? '4401 revoked' : ['exception', 'revoked', 'io server disconnect'],
    );
    expect(await other.ask('me')).toMatchObject({ event: 'me' });
  });

  it('has its messages refused once its key is denied', async () => {
    await using own = await startTestIssuer();
    await using api = await startGatewayApp({ issuer: own.issuer, audience: own.audience }, { library });
    await using client = await connect(library, api, own.token());
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
    const [key] = own.keys;
    await api.app
      .get(KeyRings)
      .get(own.issuer)
      ?.deny(key?.kid ?? '');
    expect(await client.ask('me')).toMatchObject({ event: 'exception', data: { code: 'bad_signature' } });
  });

  it('is one verification with a span of its own, and so is each message', async () => {
    await using spans = await captureSpans();
    await using api = await startGatewayApp(options(), { library });
    await using client = await connect(library, api, issuer.token());
    await client.ask('me');
    await client.ask('me');
    const authentications = spans.spans.filter(({ name }) => name === 'jwt.authenticate');
    expect(authentications.map(({ attributes }) => attributes)).toMatchObject([
      { 'jwt.transport': 'ws', 'jwt.token_cache.hit': false },
      { 'jwt.transport': 'ws', 'jwt.token_cache.hit': true },
      { 'jwt.transport': 'ws', 'jwt.token_cache.hit': true },
    ]);
    expect(spans.spans.filter(({ name }) => name === 'jwt.verify').length).toBe(1);
  });

  it('leaves nothing behind, connected or refused', async () => {
    await using api = await startGatewayApp(options(), { library });
    const connections = api.app.get(Connections, { strict: false });
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => connect(library, api, issuer.token())),
    );
    expect(connections.size).toEqual({ open: 20, planned: 20 });
    await connect(library, api).catch(() => {});
    expect(connections.size).toEqual({ open: 20, planned: 20 });
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expect.poll(() => connections.size).toEqual({ open: 0, planned: 0 });
  });
});

describe('a connection whose state socket.io recovers', () => {
  const recovery = { connectionStateRecovery: { maxDisconnectionDuration: 60_000 } };
  interface Socket {
    readonly io: { readonly engine: { close(): void } };
    readonly recovered: boolean;
    readonly receiveBuffer: readonly unknown[];
    connect(): void;
    once(event: string, listener: (error: { data?: { code?: string } }) => void): void;
  }
  const socketOf = (client: GatewayClient) => client.socket as Socket;

  const lost = (client: GatewayClient): Promise<void> =>
    new Promise((resolve) => socketOf(client).once('disconnect', () => resolve()));

  async function drop(client: GatewayClient): Promise<void> {
    const disconnected = lost(client);
    socketOf(client).io.engine.close();
    await disconnected;
  }

  /** Connects again: whether its state was recovered, or why it was refused. */
  const reconnect = (client: GatewayClient): Promise<string> => {
    const socket = socketOf(client);
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(socket.recovered ? 'recovered' : 'new'));
      socket.once('connect_error', ({ data }) => resolve(data?.code ?? 'refused'));
      socket.connect();
    });
  };

  async function scene(firstToken: string) {
    const api = await startGatewayApp(options(), { library: 'socket.io', serverOptions: recovery });
    const current = { token: firstToken };
    const client = await connectSocketIo(api, {
      auth: ((send: (auth: object) => void) => send({ token: current.token })) as never,
    });
    // Of an event that was missed, a client knows by the one before it.
    api.gateway.server.emit('news', 1);
    expect(await client.next()).toEqual({ event: 'news', data: 1 });
    return {
      api,
      client,
      current,
      [Symbol.asyncDispose]: async () => {
        await client[Symbol.asyncDispose]();
        await api.app.close();
      },
    };
  }

  it('is recovered for a client that is authenticated again, until its token ends', async () => {
    await using held = await scene(issuer.token({}, { expiresInMs: SHORT_MS }));
    await drop(held.client);
    held.api.gateway.server.emit('news', 2);
    expect(await reconnect(held.client)).toBe('recovered');
    expect(await held.client.next()).toEqual({ event: 'news', data: 2 });
    expect(await held.client.ask('me')).toMatchObject({ event: 'me' });
    const disconnected = lost(held.client);
    expect(await held.client.next()).toMatchObject({ event: 'exception', data: { code: 'expired' } });
    await disconnected;
    expect(await reconnect(held.client)).toBe('expired');
    held.current.token = issuer.token();
    expect(await reconnect(held.client)).toBe('recovered');
  });

  it('is refused for a client whose token has expired, and nothing that it missed is sent', async () => {
    await using held = await scene(issuer.token());
    await drop(held.client);
    held.api.gateway.server.emit('news', 2);
    held.current.token = issuer.badTokens().expired;
    expect(await reconnect(held.client)).toBe('expired');
    expect(socketOf(held.client).receiveBuffer).toEqual([]);
    expect(held.api.gateway.connected.length).toBe(1);
  });

  it('is not recovered for another subject', async () => {
    await using held = await scene(issuer.token({ sub: 'alice' }));
    await drop(held.client);
    held.api.gateway.server.emit('news', 2);
    held.current.token = issuer.token({ sub: 'bob' });
    expect(await reconnect(held.client)).toBe('new');
    expect(await held.client.ask('me')).toEqual({ event: 'me', data: 'bob' });
  });

  it('is recovered for a token without a subject, and not for another one', async () => {
    const own = issuer.token({ sub: undefined, jti: 'own' });
    await using held = await scene(own);
    await drop(held.client);
    expect(await reconnect(held.client)).toBe('recovered');
    held.api.gateway.server.emit('news', 2);
    expect(await held.client.next()).toEqual({ event: 'news', data: 2 });
    await drop(held.client);
    held.current.token = issuer.token({ sub: undefined, jti: 'other' });
    expect(await reconnect(held.client)).toBe('new');
  });
});
