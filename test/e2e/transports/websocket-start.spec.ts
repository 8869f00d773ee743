import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { AbstractWsAdapter, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  guardConnections,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireScopes,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectSocketIo,
  connectWs,
  OrdersGateway,
  Refused,
  startGatewayApp,
} from '../../support/gateway-app.js';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());
const options = (): AuthOptions => ({ issuer: issuer.issuer, audience: issuer.audience });

@WebSocketGateway()
class ScopedGateway {
  @RequireScopes('a')
  @SubscribeMessage('a')
  needy(): void {}
}

@UseGuards(JwtAuthGuard)
@WebSocketGateway()
class ClassGateway {
  @SubscribeMessage('a')
  needy(): void {}
}

@WebSocketGateway()
class OptionalGateway {
  @OptionalAuth()
  @SubscribeMessage('a')
  needy(): void {}
}

@WebSocketGateway()
class PlainGateway {
  @SubscribeMessage('a')
  plain(): object {
    return { event: 'a', data: 'plain' };
  }
}

@WebSocketGateway()
class PublicGateway {
  @Public()
  @SubscribeMessage('a')
  open(): object {
    return { event: 'a', data: 'open' };
  }
}

describe('a gateway on ws without guardConnections', () => {
  it.each([
    [ScopedGateway, {}],
    [ClassGateway, {}],
    [OptionalGateway, {}],
    [PlainGateway, { guardEveryRoute: true }],
    [ScopedGateway, { transports: { ws: 'unguarded' } }],
  ] as const)('ends the start when a handler needs authentication: %#', async (Gateway, more) => {
    const starting = startGatewayApp(
      { ...options(), ...more },
      { library: 'ws', connections: false, gateways: [Gateway] },
    );
    await expect(starting).rejects.toThrow(
      new RegExp(`^${Gateway.name}\\.\\w+ needs authentication.*guardConnections`),
    );
    const started = startGatewayApp({ ...options(), ...more }, { library: 'ws', gateways: [Gateway] });
    await (await started).app.close();
  });

  it.each([
    [PlainGateway, {}, 'plain'],
    [PublicGateway, { guardEveryRoute: true }, 'open'],
    [PlainGateway, { guardEveryRoute: true, transports: { ws: 'unguarded' } }, 'plain'],
  ] as const)('starts when no handler needs it: %#', async (Gateway, more, data) => {
    await using api = await startGatewayApp(
      { ...options(), ...more },
      { library: 'ws', connections: false, gateways: [Gateway] },
    );
    await using client = await connectWs(api, { path: '/' });
    expect(await client.ask('a')).toEqual({ event: 'a', data });
  });

  it('starts when the token comes with the message', async () => {
    @WebSocketGateway()
    class InBandGateway {
      @RequireScopes('a')
      @SubscribeMessage('a')
      needy(): object {
        return { event: 'a', data: 'granted' };
      }
    }
    const tokenFrom = (context: import('@nestjs/common').ExecutionContext) =>
      context.switchToWs().getData<{ token?: string }>()?.token ?? null;
    await using api = await startGatewayApp(
      { ...options(), transports: { ws: { tokenFrom } } },
      { library: 'ws', connections: false, gateways: [InBandGateway] },
    );
    await using client = await connectWs(api, { path: '/' });
    expect(await client.ask('a', { token: issuer.token({ scope: 'a' }) })).toEqual({
      event: 'a',
      data: 'granted',
    });
    expect(await client.ask('a', {})).toMatchObject({ data: { code: 'missing_token' } });
    expect(await client.ask('a', { token: issuer.token() })).toMatchObject({
      data: { code: 'insufficient_scope' },
    });
  });
});

describe('a gateway on socket.io without guardConnections', () => {
  it('has each message checked by the token of its handshake', async () => {
    await using api = await startGatewayApp(options(), { library: 'socket.io', connections: false });
    await using client = await connectSocketIo(api, { token: issuer.token({ sub: 'alice' }) });
    expect(await client.ask('me')).toEqual({ event: 'me', data: 'alice' });
    expect(await client.ask('renew', issuer.token({ sub: 'alice' }))).toMatchObject({
      data: expect.stringContaining('guardConnections') as string,
    });
    await using anonymous = await connectSocketIo(api);
    expect(await anonymous.ask('me')).toMatchObject({ data: { code: 'missing_token' } });
    expect(await anonymous.ask('optional')).toEqual({ event: 'optional', data: 'anonymous' });
    await using forged = await connectSocketIo(api, { token: issuer.badTokens()['wrong key'] });
    expect(await forged.ask('optional')).toMatchObject({ data: { code: 'bad_signature' } });
  });
});

describe('guardConnections', () => {
  it.each(['/orders', /^\/tenant-\w+$/])(
    'guards the namespace %s, and those that are made later',
    async (name) => {
      @WebSocketGateway({ namespace: name, path: '/ws' })
      class NamespaceGateway {
        static connected = 0;
        handleConnection(): void {
          NamespaceGateway.connected += 1;
        }
        @RequireScopes('a')
        @SubscribeMessage('a')
        needy(): object {
          return { event: 'a', data: 'granted' };
        }
      }
      await using api = await startGatewayApp(options(), {
        library: 'socket.io',
        gateways: [NamespaceGateway, OrdersGateway],
      });
      const namespace = typeof name === 'string' ? name : '/tenant-one';
      await expect(connectSocketIo(api, { namespace })).rejects.toMatchObject({
        data: { code: 'missing_token' },
      });
      expect(NamespaceGateway.connected).toBe(0);
      await using client = await connectSocketIo(api, { namespace, token: issuer.token({ scope: 'a' }) });
      expect(await client.ask('a')).toEqual({ event: 'a', data: 'granted' });

      (api.gateway.server as unknown as { of(later: string): void }).of('/later');
      await expect(connectSocketIo(api, { namespace: '/later' })).rejects.toThrow(Refused);
      await using later = await connectSocketIo(api, { namespace: '/later', token: issuer.token() });
      expect(later.socket).toMatchObject({ connected: true });
    },
  );

  it('leaves the verifyClient and the handleProtocols of a gateway in place', async () => {
    const origins: unknown[] = [];
    const offered: unknown[] = [];
    @WebSocketGateway({
      path: '/ws',
      verifyClient: ({ origin }: { origin?: string }, answer: (ok: boolean, status?: number) => void) => {
        origins.push(origin);
        answer(origin === 'https://app.example', 403);
      },
      handleProtocols: (protocols: Set<string>) => {
        offered.push([...protocols]);
        return 'v2';
      },
    } as never)
    class OriginGateway {
      @RequireScopes('a')
      @SubscribeMessage('a')
      needy(): object {
        return { event: 'a', data: 'granted' };
      }
    }
    await using api = await startGatewayApp(options(), {
      library: 'ws',
      gateways: [OriginGateway],
    });
    const token = issuer.token({ scope: 'a' });
    const protocols = ['access_token', token, 'v2'];
    await expect(connectWs(api, { protocols, origin: 'https://evil.example' })).rejects.toMatchObject({
      status: 403,
    });
    const origin = 'https://app.example';
    await expect(connectWs(api, { origin, protocols: ['v2'] })).rejects.toMatchObject({ status: 401 });
    await using client = await connectWs(api, { origin, protocols });
    expect(client.protocol).toBe('v2');
    expect(await client.ask('a')).toEqual({ event: 'a', data: 'granted' });
    expect(offered).toEqual([['access_token', 'v2']]);
    expect(origins.length).toBe(3);
  });

  it('refuses options and adapters that it cannot work with', async () => {
    await using api = await startGatewayApp(options(), { library: 'ws' });
    const { app } = api;
    const adapter = new WsAdapter(app);
    expect(() => guardConnections(app, adapter, { connections: 'none' as never })).toThrow(
      /guardConnections\.connections/,
    );
    expect(() => guardConnections(app, adapter, { connection: 'require' } as never)).toThrow(
      /guardConnections\.connection/,
    );
    expect(guardConnections(app, adapter)).toBe(adapter);
    expect(() => guardConnections(app, adapter)).toThrow(/guarded already/);

    class OtherAdapter extends AbstractWsAdapter {
      create(): object {
        return {};
      }
      bindMessageHandlers(): void {}
    }
    const other = guardConnections(app, new OtherAdapter(app));
    expect(() => other.create()).toThrow(/no server of ws or socket\.io/);

    @Module({})
    class EmptyModule {}
    const bare = await NestFactory.create(EmptyModule, { logger: false });
    expect(() => guardConnections(bare, new WsAdapter(bare))).toThrow(/no AuthModule/);
    await bare.close();
  });
});
