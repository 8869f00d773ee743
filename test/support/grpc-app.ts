import { Controller, Module, UseGuards, UseInterceptors, type Provider, type Type } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  GrpcMethod,
  GrpcStreamMethod,
  Transport,
  type GrpcOptions,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import { Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  AuthModule,
  CurrentUser,
  EndAtExpiry,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireScopes,
  type AuthModuleExtras,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { map, Subject, type Observable } from 'rxjs';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';

const ORDERS_PROTO = fileURLToPath(new URL('orders.proto', import.meta.url));

export interface Text {
  readonly text: string;
}

/** The methods that most tests need. */
@Controller()
export class OrdersService {
  static calls = 0;
  /** What `Ticks` streams, to all its callers. */
  static readonly ticks = new Subject<string>();

  @Public()
  @GrpcMethod('Orders', 'Open')
  open(): Text {
    return { text: 'open' };
  }

  @OptionalAuth()
  @GrpcMethod('Orders', 'Optional')
  optional(@CurrentUser('sub') sub: string | undefined): Text {
    return { text: sub ?? 'anonymous' };
  }

  @UseGuards(JwtAuthGuard)
  @GrpcMethod('Orders', 'Me')
  me(@CurrentUser('sub') sub: string): Text {
    OrdersService.calls += 1;
    return { text: sub };
  }

  @RequireScopes('orders:read', 'orders:list')
  @GrpcMethod('Orders', 'Scoped')
  scoped(): Text {
    return { text: 'scoped' };
  }

  @UseGuards(JwtAuthGuard)
  @UseInterceptors(EndAtExpiry)
  @GrpcMethod('Orders', 'Ticks')
  ticks(): Observable<Text> {
    OrdersService.calls += 1;
    return OrdersService.ticks.pipe(map((text) => ({ text })));
  }

  @UseGuards(JwtAuthGuard)
  @GrpcStreamMethod('Orders', 'Chat')
  chat(requests: Observable<Text>): Observable<Text> {
    OrdersService.calls += 1;
    return requests.pipe(map(({ text }) => ({ text: `re: ${text}` })));
  }
}

/** A client without types of its own. */
type OrdersClient = Client & {
  Ticks(request: Text, metadata: Metadata): Stream;
  Chat(metadata: Metadata): Stream & { write(request: Text): void; end(): void };
};

interface Stream extends AsyncIterable<Text> {
  cancel(): void;
  on(event: string, listener: (...args: never[]) => void): this;
}

export interface GrpcApp extends AsyncDisposable {
  readonly app: INestMicroservice;
  readonly client: OrdersClient;
  /** Calls a method that has one answer; rejects with the error of the call. */
  call(method: string, metadata?: Metadata): Promise<string>;
}

export interface GrpcAppOptions {
  readonly controllers?: Type[];
  readonly providers?: Provider[];
}

/** Starts a server of gRPC with an AuthModule of these options, on a free port, and a client for it. */
export async function startGrpcApp(
  options: AuthOptions & AuthModuleExtras,
  { controllers = [OrdersService], providers = [] }: GrpcAppOptions = {},
): Promise<GrpcApp> {
  @Module({ imports: [AuthModule.forRoot(options)], controllers, providers })
  class AppModule {}
  return listenOnGrpc(AppModule);
}

async function listenOnGrpc(module: Type): Promise<GrpcApp> {
  const { url, ...server } = await grpcOptions();
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
    ...server,
    logger: false,
    abortOnError: false,
  });
  await app.listen();
  const client = clientOf(url).orders;
  return {
    app,
    client,
    call: (method, metadata = new Metadata()) => call(client, method, metadata),
    [Symbol.asyncDispose]: async () => {
      client.close();
      await app.close();
    },
  };
}

/** The options of a server on a free port, and where it will listen. */
export async function grpcOptions(): Promise<GrpcOptions & { readonly url: string }> {
  const url = `127.0.0.1:${await freePort()}`;
  return { url, transport: Transport.GRPC, options: { url, package: 'orders', protoPath: ORDERS_PROTO } };
}

/** A client for a server of the methods of orders.proto. */
export function clientOf(url: string): { readonly orders: OrdersClient } & Disposable {
  const { orders } = loadPackageDefinition(loadSync(ORDERS_PROTO)) as unknown as {
    orders: { Orders: new (...args: unknown[]) => OrdersClient };
  };
  const client = new orders.Orders(url, credentials.createInsecure());
  return { orders: client, [Symbol.dispose]: () => client.close() };
}

function call(client: OrdersClient, method: string, metadata: Metadata): Promise<string> {
  type Method = (
    request: Text,
    metadata: Metadata,
    done: (error: ServiceError | null, answer: Text) => void,
  ) => void;
  const methods = client as unknown as Record<string, Method>;
  return new Promise((resolve, reject) => {
    methods[method]?.({ text: '' }, metadata, (error, answer) =>
      error === null ? resolve(answer.text) : reject(error),
    );
  });
}

export interface Status {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

/** The status that a stream ends with. */
export function statusOf(stream: Stream): Promise<Status> {
  stream.on('error', () => {});
  stream.on('data', () => {});
  return new Promise((resolve) => stream.on('status', resolve));
}
