import { ForbiddenException } from '@nestjs/common';
import type { AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  connectSocketIo,
  connectWs,
  LIBRARIES,
  Refused,
  startGatewayApp,
  type GatewayApp,
  type Library,
} from '../../support/gateway-app.js';

const refused = async (connecting: Promise<unknown>): Promise<Refused> => {
  const error: unknown = await connecting.then(
    () => new Error('connected'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Refused) return error;
  throw error;
};

/** What a client gets of a refusal: the response of HTTP, or `connect_error`. */
function shapeOf(library: Library, status: number, code: string): object {
  const text: unknown = expect.any(String);
  if (library === 'socket.io') return { message: text, data: { status: 'error', code, message: text } };
  const challenge: unknown = expect.stringMatching(/^Bearer realm=/);
  const headers = {
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
    ...(status === 401 && { 'www-authenticate': challenge }),
  };
  return { status, headers, data: { status, code, detail: text } };
}

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());
const options = (): AuthOptions => ({ issuer: issuer.issuer, audience: issuer.audience });

describe.each(LIBRARIES)('guardConnections with %s', (library) => {
  let api: GatewayApp;
  beforeAll(async () => {
    api = await startGatewayApp(options(), { library });
  });
  afterAll(() => api.app.close());

  it('connects a client with a good token, and its messages have its user', async () => {
    await using client = await connect(library, api, issuer.token({ sub: 'alice' }));
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'alice' });
    expect(api.gateway.users.at(-1)).toMatchObject({ sub: 'alice' });
  });

  it.each([
    ['no token', undefined, 'missing_token'],
    ['an expired one', 'expired', 'expired'],
    ['a forged one', 'wrong key', 'bad_signature'],
    ['one for another audience', 'wrong audience', 'wrong_audience'],
  ] as const)('refuses a client with %s, which no handler sees', async (_, defect, code) => {
    const before = api.gateway.connected.length;
    const token = defect && issuer.badTokens()[defect];
    const refusal = await refused(connect(library, api, token));
    expect(refusal).toMatchObject(shapeOf(library, 401, code));
    expect(api.gateway.connected.length).toBe(before);
    await using client = await connect(library, api, issuer.token());
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
  });

  it('refuses the message of a client whose token lacks a scope, and not that of another', async () => {
    await using lacking = await connect(library, api, issuer.token());
    expect(await lacking.ask('orders')).toEqual({
      event: 'exception',
      data: { status: 'error', code: 'insufficient_scope', message: expect.any(String) as string },
    });
    await using granted = await connect(library, api, issuer.token({ scope: 'orders:read' }));
    expect(await granted.ask('orders')).toEqual({ event: 'orders', data: 'all' });
  });

  it('shows no user to a public handler, whoever sent a message before', async () => {
    await using client = await connect(library, api, issuer.token({ sub: 'alice' }));
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'alice' });
    expect(await client.ask('open')).toEqual({ event: 'open', data: 'anonymous' });
    expect(await client.ask('optional')).toEqual({ event: 'optional', data: 'alice' });
  });

  it('serves messages that are sent at once, in the packet of the upgrade or right behind', async () => {
    await using client = await connect(library, api, issuer.token({ sub: 'alice' }));
    for (let i = 0; i < 5; i += 1) client.send('me');
    for (let i = 0; i < 5; i += 1) expect(await client.next()).toEqual({ event: 'me', data: 'alice' });
  });

  it('survives a thousand refused clients', async () => {
    const before = api.gateway.connected.length;
    const token = issuer.badTokens()['wrong key'];
    for (let round = 0; round < 20; round += 1)
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => refused(connect(library, api, i % 2 ? token : undefined))),
      );
    expect(api.gateway.connected.length).toBe(before);
    await using client = await connect(library, api, issuer.token());
    expect(await client.ask('me')).toMatchObject({ event: 'me' });
  });

  it('says that the issuer is down, and when to try again', async () => {
    await using down = await startTestIssuer();
    down.fault({ status: 500 });
    await using own = await startGatewayApp({ issuer: down.issuer, audience: down.audience }, { library });
    const refusal = await refused(connect(library, own, down.token()));
    expect(refusal).toMatchObject(shapeOf(library, 503, 'keys_unavailable'));
    const { 'retry-after': retryAfter } = refusal.headers;
    expect(Number(retryAfter ?? refusal.data['retryAfter'])).toBeGreaterThan(0);
  });
});

describe.each(LIBRARIES)("guardConnections with %s and connections: 'optional'", (library) => {
  let api: GatewayApp;
  beforeAll(async () => {
    api = await startGatewayApp(options(), { library, connections: 'optional' });
  });
  afterAll(() => api.app.close());

  it('connects an anonymous client, which reaches public and optional handlers', async () => {
    await using client = await connect(library, api);
    expect(await client.ask('open')).toEqual({ event: 'open', data: 'anonymous' });
    expect(await client.ask('optional')).toEqual({ event: 'optional', data: 'anonymous' });
    expect(await client.ask('me')).toMatchObject({ event: 'exception', data: { code: 'missing_token' } });
    expect(await client.ask('orders')).toMatchObject({
      event: 'exception',
      data: { code: 'missing_token' },
    });
    expect(api.gateway.users.at(-1)).toBeUndefined();
  });

  it('refuses to renew an anonymous client', async () => {
    await using client = await connect(library, api);
    expect(await client.ask('renew', issuer.token())).toEqual({ event: 'renew', data: 'user_rejected' });
    await using known = await connect(library, api, issuer.token({ sub: 'alice' }));
    expect(await known.ask('renew', issuer.token({ sub: 'alice' }))).toEqual({
      event: 'renew',
      data: 'alice',
    });
  });

  it('refuses bad credentials all the same', async () => {
    const { data } = await refused(connect(library, api, issuer.badTokens().expired));
    expect(data).toMatchObject({ code: 'expired' });
  });
});

describe('where the token of a client is', () => {
  let ws: GatewayApp;
  let socketIo: GatewayApp;
  beforeAll(async () => {
    ws = await startGatewayApp(options(), { library: 'ws' });
    socketIo = await startGatewayApp(options(), { library: 'socket.io' });
  });
  afterAll(() => Promise.all([ws.app.close(), socketIo.app.close()]));

  it('ws: behind the subprotocol access_token, and is not sent back', async () => {
    await using client = await connectWs(ws, {
      protocols: ['access_token', issuer.token({ sub: 'bob' }), 'orders.v1'],
    });
    expect(client.protocol).toBe('access_token');
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'bob' });
    await using other = await connectWs(ws, {
      protocols: ['orders.v1', 'access_token', issuer.token({ sub: 'bob' })],
    });
    expect(other.protocol).toBe('orders.v1');
    expect(await other.ask('me')).toEqual({ event: 'me', data: 'bob' });
  });

  it('ws: nowhere when it comes before the subprotocol access_token', async () => {
    const { status, data } = await refused(connectWs(ws, { protocols: [issuer.token(), 'access_token'] }));
    expect([status, data['code']]).toEqual([400, 'malformed_request']);
  });

  it('ws: not in two places', async () => {
    const token = issuer.token();
    const twice = await refused(connectWs(ws, { token, protocols: ['access_token', token] }));
    expect([twice.status, twice.data['code']]).toEqual([400, 'multiple_tokens']);
    const query = await refused(connectWs(ws, { token, path: `/ws?access_token=${token}` }));
    expect([query.status, query.data['code']]).toEqual([400, 'multiple_tokens']);
  });

  it('ws: not in the query', async () => {
    const { status, data } = await refused(connectWs(ws, { path: `/ws?access_token=${issuer.token()}` }));
    expect([status, data['code']]).toEqual([401, 'missing_token']);
  });

  it.each([
    ['auth.token, bare', () => ({ auth: { token: issuer.token({ sub: 'bob' }) } })],
    ['auth.token with Bearer', () => ({ auth: { token: `Bearer ${issuer.token({ sub: 'bob' })}` } })],
    ['the Authorization header', () => ({ extraHeaders: issuer.bearer({ sub: 'bob' }) })],
    ['auth.token, over polling', () => ({ ...polling, auth: { token: issuer.token({ sub: 'bob' }) } })],
    ['the header, over polling', () => ({ ...polling, extraHeaders: issuer.bearer({ sub: 'bob' }) })],
  ])('socket.io: in %s', async (_, where) => {
    await using client = await connectSocketIo(socketIo, where());
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'bob' });
  });
  const polling = { transports: ['polling'] };

  it.each([
    [
      'two places',
      () => ({ auth: { token: issuer.token() }, extraHeaders: issuer.bearer() }),
      'multiple_tokens',
    ],
    [
      'the query',
      () => ({ query: { access_token: issuer.token(), token: issuer.token() } }),
      'missing_token',
    ],
    ['an object', () => ({ auth: { token: { jwt: issuer.token() } } }), 'malformed_request'],
    ['another scheme', () => ({ auth: { token: `Basic ${issuer.token()}` } }), 'missing_token'],
  ])('socket.io: not in %s', async (_, where, code) => {
    expect((await refused(connectSocketIo(socketIo, where()))).data).toMatchObject({ code });
  });

  it.each(LIBRARIES)('%s: where transports.ws.tokenFrom finds it, which is called once', async (library) => {
    const seen: unknown[] = [];
    await using api = await startGatewayApp(
      {
        ...options(),
        transports: {
          ws: {
            tokenFrom(context) {
              const opener = context.switchToWs().getClient<{ headers?: object; handshake?: object }>();
              seen.push([context.getType(), context.getArgs().length, context.getHandler()]);
              const { headers = {} } = (opener.handshake ?? opener) as {
                headers?: Record<string, string>;
              };
              return /session=([^;]+)/.exec(headers['cookie'] ?? '')?.[1] ?? null;
            },
          },
        },
      },
      { library, connections: 'optional' },
    );
    const cookie = `session=${issuer.token({ sub: 'carol' })}`;
    await using client = await (library === 'ws'
      ? connectWs(api, { headers: { cookie } })
      : connectSocketIo(api, { extraHeaders: { cookie } }));
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'carol' });
    await using anonymous = await connect(library, api, issuer.token());
    expect(await anonymous.ask('optional')).toEqual({ event: 'optional', data: 'anonymous' });
    expect(seen).toEqual([
      ['ws', 1, undefined],
      ['ws', 1, undefined],
    ]);
  });
});

describe.each(LIBRARIES)('the hooks of the application with %s', (library) => {
  it('run when a client connects and for each message, over ws', async () => {
    const transports: string[] = [];
    await using api = await startGatewayApp(
      {
        ...options(),
        validate: ({ sub }, { transport }) => {
          transports.push(transport);
          return sub === 'mallory' ? undefined : { sub: `user ${sub}` };
        },
      },
      { library },
    );
    await using client = await connect(library, api, issuer.token({ sub: 'alice' }));
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'user alice' });
    expect(api.gateway.users).toEqual([{ sub: 'user alice' }]);
    expect(transports).toEqual(['ws', 'ws']);
    const { data } = await refused(connect(library, api, issuer.token({ sub: 'mallory' })));
    expect(data).toMatchObject({ code: 'user_rejected' });
  });

  it.each([
    ['an HttpException', new ForbiddenException({ reason: 'suspended' }), 403, { reason: 'suspended' }],
    ['another error', new Error('secret'), 500, { message: 'Internal server error' }],
  ])('refuse with what they throw: %s', async (_, thrown, status, body) => {
    await using api = await startGatewayApp(
      {
        ...options(),
        validate: ({ sub }) => {
          if (sub === 'mallory') throw thrown;
          return { sub };
        },
      },
      { library },
    );
    const error = await refused(connect(library, api, issuer.token({ sub: 'mallory' })));
    expect(error.data).toMatchObject(body);
    expect(JSON.stringify([error.data, error.message])).not.toContain('secret');
    expect(error.status).toBe(library === 'ws' ? status : undefined);
    await using client = await connect(library, api, issuer.token({ sub: 'alice' }));
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'alice' });
  });
});
