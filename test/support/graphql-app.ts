import { Inject, Module, UseGuards, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Args,
  type Enhancer,
  Field,
  GraphQLModule,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { INestApplication } from '@nestjs/common';
import {
  AuthModule,
  CurrentUser,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireScopes,
  type AuthModuleExtras,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { WebSocket } from 'ws';
import { createClient, type Client } from 'graphql-ws';

/** The servers of GraphQL that Nest has drivers for, and what they run on. */
export const SERVERS = ['Apollo on Express', 'Apollo on Fastify', 'Mercurius'] as const;
export type GraphQLServer = (typeof SERVERS)[number];

@ObjectType()
export class Order {
  @Field(() => String)
  id!: string;

  @Field(() => String, { nullable: true })
  secret?: string;
}

/** Emits one value, and another for each call of `next`. */
class Ticks {
  private waiting: (() => void)[] = [];

  next(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }

  async *values(): AsyncGenerator<{ ticks: string }> {
    for (let i = 1; ; i += 1) {
      yield { ticks: `tick ${i}` };
      await new Promise<void>((resume) => this.waiting.push(resume));
    }
  }
}

/** The resolvers that most tests need. */
@Resolver(() => Order)
export class OrdersResolver {
  static calls = 0;

  constructor(@Inject(Ticks) private readonly source: Ticks) {}

  @Public()
  @Query(() => String)
  open(@CurrentUser('sub') sub: string | undefined): string {
    return sub ?? 'anonymous';
  }

  @OptionalAuth()
  @Query(() => String)
  optional(@CurrentUser('sub') sub: string | undefined): string {
    return sub ?? 'anonymous';
  }

  @UseGuards(JwtAuthGuard)
  @Query(() => String)
  me(@CurrentUser('sub') sub: string): string {
    OrdersResolver.calls += 1;
    return sub;
  }

  @RequireScopes('orders:read', 'orders:list')
  @Query(() => String, { nullable: true })
  scoped(): string {
    return 'scoped';
  }

  @RequireScopes('orders:write')
  @Mutation(() => String)
  place(@Args('id', { type: () => String }) id: string, @CurrentUser('sub') sub: string): string {
    return `${id} for ${sub}`;
  }

  @UseGuards(JwtAuthGuard)
  @Query(() => Order)
  order(): Order {
    return { id: '1' };
  }

  @RequireScopes('orders:secret')
  @ResolveField(() => String, { nullable: true })
  secret(@Parent() { id }: Order): string {
    return `secret of ${id}`;
  }

  @UseGuards(JwtAuthGuard)
  @Subscription(() => String)
  ticks(): AsyncGenerator<{ ticks: string }> {
    return this.source.values();
  }
}

export interface GraphQLApp extends AsyncDisposable {
  readonly app: INestApplication;
  readonly url: string;
  /** Runs an operation over HTTP. */
  run(query: string, token?: string, variables?: object): Promise<GraphQLAnswer>;
  /** Opens a connection of graphql-ws. */
  connect(parameters?: Record<string, unknown>, headers?: Record<string, string>): Client & AsyncDisposable;
}

export interface GraphQLAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly { message: string; extensions: Record<string, unknown> }[];
  readonly text: string;
}

export interface GraphQLAppOptions {
  readonly resolvers?: Type[];
  /** Of the driver. */
  readonly driver?: object;
}

/** Starts a GraphQL server with an AuthModule of these options, on a free port. */
export async function startGraphQLApp(
  server: GraphQLServer,
  options: AuthOptions & AuthModuleExtras,
  { resolvers = [OrdersResolver], driver = {} }: GraphQLAppOptions = {},
): Promise<GraphQLApp> {
  @Module({
    imports: [AuthModule.forRoot(options), graphQLModule(server, driver)],
    providers: [Ticks, ...resolvers],
  })
  class AppModule {}
  const nestOptions = { logger: false, abortOnError: false } as const;
  const app =
    server === 'Apollo on Express'
      ? await NestFactory.create(AppModule, nestOptions)
      : await NestFactory.create(AppModule, new FastifyAdapter(), nestOptions);
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/graphql`;
  return {
    app,
    url,
    run: (query, token, variables = {}) => run(url, { query, variables }, token),
    connect: (parameters, headers = {}) => connect(url, parameters, headers),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** The GraphQLModule of this server. */
export function graphQLModule(server: GraphQLServer, driver: object = {}): DynamicModule {
  const fieldResolverEnhancers: Enhancer[] = ['guards'];
  const schema = { autoSchemaFile: true, fieldResolverEnhancers };
  if (server === 'Mercurius')
    return GraphQLModule.forRoot<MercuriusDriverConfig>({
      driver: MercuriusDriver,
      ...schema,
      allowBatchedQueries: true,
      subscription: { fullWsTransport: true },
      ...driver,
    });
  return GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    ...schema,
    allowBatchedHttpRequests: true,
    subscriptions: { 'graphql-ws': true },
    ...driver,
  });
}

async function run(url: string, body: object, token?: string): Promise<GraphQLAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const { data, errors = [] } = JSON.parse(text) as GraphQLAnswer;
  return { status: response.status, headers: response.headers, data, errors, text };
}

/** Opens a connection of graphql-ws. */
export function connect(
  url: string,
  connectionParams: Record<string, unknown> | undefined,
  headers: Record<string, string>,
): Client & AsyncDisposable {
  class WithHeaders extends WebSocket {
    constructor(address: string, protocols: string | string[]) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WithHeaders,
    retryAttempts: 0,
    lazy: true,
    lazyCloseTimeout: 10_000,
    ...(connectionParams !== undefined && { connectionParams }),
  });
  return Object.assign(client, { [Symbol.asyncDispose]: async () => client.dispose() });
}

/** The first result of an operation over a connection; rejects with the errors that end it. */
export function first(client: Client, query: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const stop = client.subscribe(
      { query },
      {
        next: (result) => {
          if (result.errors === undefined) resolve((result.data ?? {}) as Record<string, unknown>);
          else reject(result.errors);
          stop();
        },
        error: reject,
        complete: () => {},
      },
    );
  });
}
