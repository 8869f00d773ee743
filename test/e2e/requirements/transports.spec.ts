import { Inject, Injectable, Module, Scope, UseGuards, type ExecutionContext } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { Args, GqlExecutionContext, Query, Resolver } from '@nestjs/graphql';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AuthModule,
  JwtAuthGuard,
  RequireAudience,
  RequireAuthentication,
  RequirePolicy,
  type AccessPolicy,
  type PolicySubject,
} from 'nestjs-jwks-auth';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import type { IncomingMessage } from 'node:http';
import { io } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { startGraphQLApp } from '../../support/graphql-app.js';

const [API, ADMIN] = ['https://api.example.com', 'https://admin.example.com'];
const seen: unknown[] = [];

@Injectable()
class OwnPolicy implements AccessPolicy {
  allows({ claims, transport }: PolicySubject, context: ExecutionContext): boolean {
    const { id } = GqlExecutionContext.create(context).getArgs<{ id: string }>();
    seen.push([transport, id]);
    return id === claims.sub;
  }
}

@Injectable({ scope: Scope.REQUEST })
class HeaderPolicy implements AccessPolicy {
  constructor(@Inject(REQUEST) private readonly request: { headers: Record<string, string> }) {}

  allows(): boolean {
    return this.request.headers['content-type'] === 'application/json';
  }
}

@UseGuards(JwtAuthGuard)
@Resolver()
class RequiringResolver {
  @RequirePolicy(OwnPolicy)
  @Query(() => String, { nullable: true })
  own(@Args('id', { type: () => String }) id: string): string {
    return id;
  }

  @RequirePolicy(HeaderPolicy)
  @Query(() => String, { nullable: true })
  header(): string {
    return 'header';
  }

  @Query(() => String, { nullable: true })
  plain(): string {
    return 'plain';
  }

  @RequireAudience(ADMIN)
  @Query(() => String, { nullable: true })
  admin(): string {
    return 'admin';
  }

  @RequireAudience(ADMIN)
  @Query(() => String, { nullable: true })
  audit(): string {
    return 'audit';
  }

  @RequireAuthentication({ acr: 'phr' })
  @Query(() => String, { nullable: true })
  strong(): string {
    return 'strong';
  }
}

describe.each(['Apollo on Express', 'Mercurius'] as const)('requirements of resolvers with %s', (server) => {
  it('hold for each field of an operation, and validate once for each kind of route', async () => {
    await using issuer = await startTestIssuer({ audience: API });
    let validations = 0;
    const options = {
      issuer: issuer.issuer,
      audience: API,
      furtherAudiences: [ADMIN],
      validate: (claims: object) => {
        validations += 1;
        return claims;
      },
    };
    const resolvers = [RequiringResolver, OwnPolicy, HeaderPolicy];
    await using api = await startGraphQLApp(server, options, { resolvers });

    const own = await api.run('{ a: own(id: "user-1") b: own(id: "user-2") header }', issuer.token());
    expect(own.data).toEqual({ a: 'user-1', b: null, header: 'header' });
    expect(own.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', reason: 'forbidden_by_policy' } }]);
    expect(seen.splice(0)).toEqual([
      ['graphql', 'user-1'],
      ['graphql', 'user-2'],
    ]);

    validations = 0;
    const all = '{ a: plain b: admin c: plain d: admin e: audit }';
    expect((await api.run(all, issuer.token({ aud: [API, ADMIN] }))).data).toEqual({
      a: 'plain',
      b: 'admin',
      c: 'plain',
      d: 'admin',
      e: 'audit',
    });
    expect(validations).toBe(2);

    const half = await api.run(all, issuer.token({ aud: ADMIN }));
    expect(half.data).toEqual({ a: null, b: 'admin', c: null, d: 'admin', e: 'audit' });
    expect(half.errors).toMatchObject([
      { extensions: { reason: 'wrong_audience' } },
      { extensions: { reason: 'wrong_audience' } },
    ]);

    const weak = await api.run('{ strong }', issuer.token());
    expect(weak.errors).toMatchObject([{ extensions: { reason: 'insufficient_user_authentication' } }]);
    expect((await api.run('{ strong }', issuer.token({ acr: 'phr' }))).data).toEqual({ strong: 'strong' });
  });
});

@WebSocketGateway()
class TenantGateway {
  @UseGuards(JwtAuthGuard)
  @SubscribeMessage('me')
  me(): string {
    return 'me';
  }
}

it('ties a connection to a tenant by the request that opened it', async () => {
  await using acme = await startTestIssuer({ audience: API });
  await using umbrella = await startTestIssuer({ audience: API });
  const tenants = new Map([
    ['acme', acme.issuer],
    ['umbrella', umbrella.issuer],
  ]);
  @Module({
    imports: [
      AuthModule.forRoot({
        audience: API,
        issuers: [{ issuer: acme.issuer }, { issuer: umbrella.issuer }],
        issuerFor: ({ headers }: IncomingMessage) => tenants.get(String(headers['x-tenant'])),
      }),
    ],
    providers: [TenantGateway],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ask = async (tenant: string, token: string): Promise<unknown> => {
    const client = io(url, {
      auth: { token },
      extraHeaders: { 'x-tenant': tenant },
      transports: ['websocket'],
      forceNew: true,
    });
    try {
      return await new Promise((resolve, reject) => {
        client.once('exception', resolve);
        client.once('connect_error', reject);
        client.emit('me', {}, resolve);
      });
    } finally {
      client.disconnect();
    }
  };
  expect(await ask('acme', acme.token())).toBe('me');
  expect(await ask('umbrella', acme.token())).toMatchObject({ code: 'unknown_issuer' });
  expect(await ask('umbrella', umbrella.token())).toBe('me');
  await app.close();
});
