import { Inject, Module, UseGuards, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import {
  AuthError,
  AuthModule,
  CurrentUser,
  guardConnections,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireScopes,
  WebSocketAuth,
  type AuthModuleExtras,
  type AuthOptions,
  type ConnectionMode,
} from 'nestjs-jwks-auth';
import type { AddressInfo } from 'node:net';
import { io } from 'socket.io-client';
import { WebSocket, type ClientOptions } from 'ws';

/** The libraries that Nest has adapters for. */
export const LIBRARIES = ['ws', 'socket.io'] as const;
export type Library = (typeof LIBRARIES)[number];

/** The handlers that most tests need. Each answers with an event of its own name. */
@WebSocketGateway({ path: '/ws' })
export class OrdersGateway {
  /** The clients that `handleConnection` was called with. */
  readonly connected: object[] = [];
  readonly users: unknown[] = [];
  calls = 0;
  @WebSocketServer() readonly server!: { emit(event: string, data: unknown): void };

  constructor(@Inject(WebSocketAuth) private readonly auth: WebSocketAuth) {}

  handleConnection(client: object): void {
    this.connected.push(client);
    try {
      this.users.push(this.auth.userOf(client));
    } catch {
      this.users.push('unknown');
    }
  }

  @UseGuards(JwtAuthGuard)
  @SubscribeMessage('me')
  me(@CurrentUser('sub') sub: unknown): object {
    this.calls += 1;
    return { event: 'me', data: sub };
  }

  @RequireScopes('orders:read')
  @SubscribeMessage('orders')
  orders(): object {
    return { event: 'orders', data: 'all' };
  }

  @OptionalAuth()
  @SubscribeMessage('optional')
  optional(@CurrentUser('sub') sub: unknown): object {
    return { event: 'optional', data: sub ?? 'anonymous' };
  }

  @Public()
  @SubscribeMessage('open')
  open(@CurrentUser('sub') sub: unknown): object {
    return { event: 'open', data: sub ?? 'anonymous' };
  }

  @Public()
  @SubscribeMessage('renew')
  async renew(@ConnectedSocket() client: object, @MessageBody() token: string): Promise<object> {
    try {
      const { claims } = await this.auth.renew(client, token);
      return { event: 'renew', data: claims.sub };
    } catch (error) {
      return { event: 'renew', data: error instanceof AuthError ? error.code : String(error) };
    }
  }
}

export interface GatewayApp extends AsyncDisposable {
  readonly app: INestApplication;
  readonly port: number;
  /** Undefined without an OrdersGateway. */
  readonly gateway: OrdersGateway;
  readonly auth: WebSocketAuth;
}

export interface GatewayAppOptions {
  readonly library: Library;
  /** False: without guardConnections. */
  readonly connections?: ConnectionMode | false;
  readonly gateways?: Type[];
  /** Of the server of socket.io. */
  readonly serverOptions?: object;
}

/** Starts an application with an AuthModule of these options and gateways, on a free port. */
export async function startGatewayApp(
  options: AuthOptions & AuthModuleExtras,
  { library, connections = 'require', gateways = [OrdersGateway], serverOptions }: GatewayAppOptions,
): Promise<GatewayApp> {
  @Module({ imports: [AuthModule.forRoot(options)], providers: [...gateways] })
  class GatewayModule {}
  const app = await NestFactory.create(GatewayModule, { logger: false, abortOnError: false });
  const adapter = library === 'ws' ? new WsAdapter(app) : new ConfiguredIoAdapter(app, serverOptions);
  app.useWebSocketAdapter(connections === false ? adapter : guardConnections(app, adapter, { connections }));
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  return {
    app,
    port: ((app.getHttpServer() as import('node:http').Server).address() as AddressInfo).port,
    gateway: (gateways.includes(OrdersGateway) ? app.get(OrdersGateway) : undefined) as OrdersGateway,
    auth: app.get(WebSocketAuth),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

class ConfiguredIoAdapter extends IoAdapter {
  constructor(
    app: INestApplication,
    private readonly serverOptions: object | undefined,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: object): ReturnType<IoAdapter['createIOServer']> {
    return super.createIOServer(port, { ...options, ...this.serverOptions } as never);
  }
}

/** What a client receives of an event. */
export interface Received {
  readonly event: string;
  readonly data: unknown;
}

/** A connected client of either library. */
export interface GatewayClient extends AsyncDisposable {
  /** Sends a message and resolves to the next event that arrives. */
  ask(event: string, data?: unknown): Promise<Received>;
  send(event: string, data?: unknown): void;
  /** The next event. */
  next(): Promise<Received>;
  /** Resolves when the server has ended the connection: code and reason of ws, the reason of socket.io. */
  readonly ended: Promise<string>;
  /** The subprotocol that the server chose, of ws. */
  readonly protocol: string;
  readonly socket: unknown;
}

/** Why a connection was refused. */
export class Refused extends Error {
  constructor(
    /** Of ws. */
    readonly status: number | undefined,
    readonly headers: Readonly<Record<string, unknown>>,
    /** The body of ws, `err.data` of socket.io. */
    readonly data: Readonly<Record<string, unknown>>,
    message: string,
  ) {
    super(message);
  }
}

class Inbox {
  private readonly received: Received[] = [];
  private readonly waiting: ((one: Received) => void)[] = [];

  push(one: Received): void {
    const next = this.waiting.shift();
    if (next === undefined) this.received.push(one);
    else next(one);
  }

  next(): Promise<Received> {
    const one = this.received.shift();
    return one === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(one);
  }
}

/** Connects with ws. @throws Refused */
export function connectWs(
  { port }: { port: number },
  {
    token,
    protocols = [],
    path = '/ws',
    ...options
  }: ClientOptions & { token?: string | undefined; protocols?: string[]; path?: string } = {},
): Promise<GatewayClient> {
  const headers = { ...options.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { ...options, headers });
  const inbox = new Inbox();
  socket.on('message', (data) => inbox.push(JSON.parse((data as Buffer).toString()) as Received));
  const ended = new Promise<string>((resolve) =>
    socket.once('close', (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  const send = (event: string, data?: unknown) => socket.send(JSON.stringify({ event, data }));
  const client: GatewayClient = {
    socket,
    ended,
    send,
    next: () => inbox.next(),
    ask: (event, data) => {
      send(event, data);
      return inbox.next();
    },
    get protocol() {
      return socket.protocol;
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await ended;
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(client));
    socket.once('unexpected-response', (_, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        reject(
          new Refused(
            response.statusCode,
            response.headers,
            body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {},
            body,
          ),
        ),
      );
    });
    socket.on('error', reject);
  });
}

/** Connects with socket.io. @throws Refused */
export function connectSocketIo(
  { port }: { port: number },
  {
    token,
    namespace = '',
    auth = token === undefined ? {} : { token },
    ...options
  }: { token?: string | undefined; namespace?: string; auth?: object; [option: string]: unknown } = {},
): Promise<GatewayClient> {
  const socket = io(`http://127.0.0.1:${port}${namespace}`, {
    path: '/ws',
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth,
    ...options,
  });
  const inbox = new Inbox();
  socket.onAny((event: string, data: unknown) => inbox.push({ event, data }));
  const ended = new Promise<string>((resolve) => void socket.on('disconnect', (reason) => resolve(reason)));
  const send = (event: string, data?: unknown) =>
    void (data === undefined ? socket.emit(event) : socket.emit(event, data));
  const client: GatewayClient = {
    socket,
    ended,
    send,
    protocol: '',
    next: () => inbox.next(),
    ask: (event, data) => {
      send(event, data);
      return inbox.next();
    },
    [Symbol.asyncDispose]: async () => void socket.disconnect(),
  };
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(client));
    socket.once('connect_error', (error) => {
      socket.disconnect();
      const { data = {} } = error as { data?: Record<string, unknown> };
      reject(new Refused(undefined, {}, data, error.message));
    });
  });
}

/** Connects with the token where each library has it. @throws Refused */
export const connect = (library: Library, to: { port: number }, token?: string): Promise<GatewayClient> =>
  library === 'ws' ? connectWs(to, { token }) : connectSocketIo(to, { token });
