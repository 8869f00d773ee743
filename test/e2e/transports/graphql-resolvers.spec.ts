import { ApolloFederationDriver } from '@nestjs/apollo';
import {
  Args,
  Directive,
  Field,
  InterfaceType,
  ObjectType,
  Query,
  ResolveField,
  ResolveReference,
  Resolver,
} from '@nestjs/graphql';
import { applyDecorators, UseGuards, type Type } from '@nestjs/common';
import { CurrentUser, JwtAuthGuard, Public, RequireScopes } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { first, startGraphQLApp, type GraphQLApp } from '../../support/graphql-app.js';

@ObjectType()
@Directive('@key(fields: "id")')
class User {
  @Field(() => String)
  id!: string;

  @Field(() => String, { nullable: true })
  readBy?: string;
}

/** A resolver whose reference resolver has these decorators. */
function resolverWith(...decorators: MethodDecorator[]): Type {
  @Resolver(() => User)
  class UsersResolver {
    @Query(() => [User])
    users(): User[] {
      return [{ id: '1' }];
    }

    @applyDecorators(...decorators)
    @ResolveReference()
    reference({ id }: { id: string }): User {
      return { id };
    }

    @ResolveField(() => String, { nullable: true })
    readBy(@CurrentUser('sub') sub: string): string {
      return sub;
    }
  }
  return UsersResolver;
}

const ENTITIES = `{ _entities(representations: [{ __typename: "User", id: "7" }]) { ... on User { id readBy } } }`;

describe('reference resolvers of a federated graph', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
  });
  afterAll(() => issuer.close());

  const start = (resolver: Type, guardEveryRoute: boolean, enhancers: string[]): Promise<GraphQLApp> =>
    startGraphQLApp(
      'Apollo on Express',
      { issuer: issuer.issuer, audience: issuer.audience, guardEveryRoute },
      {
        resolvers: [resolver],
        driver: {
          driver: ApolloFederationDriver,
          autoSchemaFile: { federation: 2 },
          fieldResolverEnhancers: enhancers,
          subscriptions: {},
        },
      },
    );

  it('are guarded by guardEveryRoute where guards reach them', async () => {
    await using api = await start(resolverWith(), true, ['guards']);
    const { errors } = await api.run(ENTITIES);
    expect(errors).toMatchObject([{ extensions: { reason: 'missing_token' } }]);
    const { data } = await api.run(ENTITIES, issuer.token({ sub: 'ada' }));
    expect(data).toEqual({ _entities: [{ id: '7', readBy: 'ada' }] });
  });

  it('end the start where no guard reaches them', async () => {
    await expect(start(resolverWith(), true, [])).rejects.toThrow(
      /^UsersResolver\.reference is a field resolver, which no guard reaches without fieldResolverEnhancers/,
    );
    await expect(start(resolverWith(RequireScopes('users:read')), false, [])).rejects.toThrow(
      /^UsersResolver\.reference is a field/,
    );
    await (await start(resolverWith(), false, [])).app.close();
    await (await start(resolverWith(Public()), true, [])).app.close();
  });

  /** A resolver without a decorator of its own, whose class has this one. */
  const resolverUnder = (decorator: ClassDecorator, ...ofMethod: MethodDecorator[]): Type => {
    const resolver = resolverWith(...ofMethod);
    decorator(resolver);
    return resolver;
  };

  it.each([
    ['@RequireScopes', RequireScopes('users:read')],
    ['the guard', UseGuards(JwtAuthGuard)],
  ])('end the start where their class has %s and no guard reaches them', async (_, decorator) => {
    await expect(start(resolverUnder(decorator), false, [])).rejects.toThrow(
      /^UsersResolver\.reference is a field resolver/,
    );
    await using api = await start(resolverUnder(decorator), false, ['guards']);
    expect((await api.run(ENTITIES)).errors).toMatchObject([{ extensions: { reason: 'missing_token' } }]);
    const { data } = await api.run(ENTITIES, issuer.token({ sub: 'ada', scope: 'users:read' }));
    expect(data).toEqual({ _entities: [{ id: '7', readBy: 'ada' }] });
  });

  it('may be public beside a class with the guard', async () => {
    await using api = await start(resolverUnder(UseGuards(JwtAuthGuard), Public()), false, []);
    expect((await api.run(ENTITIES)).errors).toEqual([]);
  });

  it('check what they require', async () => {
    await using api = await start(resolverWith(RequireScopes('users:read')), false, ['guards']);
    const refused = await api.run(ENTITIES, issuer.token());
    expect(refused.errors).toMatchObject([{ extensions: { reason: 'insufficient_scope' } }]);
    const { data } = await api.run(ENTITIES, issuer.token({ sub: 'ada', scope: 'users:read' }));
    expect(data).toEqual({ _entities: [{ id: '7', readBy: 'ada' }] });
  });
});

describe('fields of a class that requires something', () => {
  @Resolver(() => User)
  class UserFieldsResolver {
    @ResolveField(() => String, { nullable: true })
    readBy(@CurrentUser('sub') sub: string): string {
      return sub;
    }
  }
  @Resolver(() => User)
  class UsersResolver {
    @Public()
    @Query(() => [User])
    users(): User[] {
      return [{ id: '1' }];
    }
  }

  it('end the start where no guard reaches them: another class may lead to them', async () => {
    await using issuer = await startTestIssuer();
    const start = (enhancers: string[]) =>
      startGraphQLApp(
        'Apollo on Express',
        { issuer: issuer.issuer, audience: issuer.audience },
        { resolvers: [UsersResolver, UserFieldsResolver], driver: { fieldResolverEnhancers: enhancers } },
      );
    await (await start([])).app.close();
    RequireScopes('users:read')(UserFieldsResolver);
    await expect(start([])).rejects.toThrow(/^UserFieldsResolver\.readBy is a field resolver/);
    await using api = await start(['guards']);
    expect((await api.run('{ users { id readBy } }')).errors).toMatchObject([
      { extensions: { reason: 'missing_token' } },
    ]);
    const { data } = await api.run(
      '{ users { id readBy } }',
      issuer.token({ sub: 'ada', scope: 'users:read' }),
    );
    expect(data).toEqual({ users: [{ id: '1', readBy: 'ada' }] });
  });
});

describe('__resolveType', () => {
  @InterfaceType({ resolveType: () => 'Cat' })
  abstract class Animal {
    @Field(() => String)
    name!: string;
  }
  @ObjectType({ implements: () => [Animal] })
  class Cat extends Animal {}

  @Resolver(() => Cat)
  class AnimalsResolver {
    @Query(() => Animal)
    animal(): Animal {
      return Object.assign(new Cat(), { name: 'Tom' });
    }
  }

  it('is called without a guard', async () => {
    await using issuer = await startTestIssuer();
    const given = { issuer: issuer.issuer, audience: issuer.audience, guardEveryRoute: true };
    await using api = await startGraphQLApp('Apollo on Express', given, {
      resolvers: [AnimalsResolver, Cat as never],
    });
    expect((await api.run('{ animal { name } }', issuer.token())).data).toEqual({ animal: { name: 'Tom' } });
    expect((await api.run('{ animal { name } }')).errors).toMatchObject([
      { extensions: { reason: 'missing_token' } },
    ]);
  });
});

describe('a context of its own', () => {
  @Resolver()
  class MeResolver {
    @RequireScopes('me')
    @Query(() => String)
    me(@CurrentUser('sub') sub: string): string {
      return sub;
    }
  }

  it('is read by the option transports.graphql', async () => {
    await using issuer = await startTestIssuer();
    const given = { issuer: issuer.issuer, audience: issuer.audience };
    const driver = { context: ({ req }: { req: { headers: object } }) => ({ given: req.headers }) };
    const scene = { resolvers: [MeResolver], driver };
    const token = issuer.token({ sub: 'ada', scope: 'me' });
    const tokenFrom = (context: { getArgByIndex<T>(index: number): T }) =>
      context
        .getArgByIndex<{ given: { authorization?: string } }>(2)
        .given.authorization?.slice('Bearer '.length) ?? null;
    await using found = await startGraphQLApp(
      'Apollo on Express',
      { ...given, transports: { graphql: { tokenFrom } } },
      scene,
    );
    expect((await found.run('{ me }', token)).data).toEqual({ me: 'ada' });
    expect((await found.run('{ me }')).errors).toMatchObject([{ extensions: { reason: 'missing_token' } }]);
  });

  it('each field with a token of its own is verified with that one', async () => {
    @Resolver()
    class OwnTokensResolver {
      @UseGuards(JwtAuthGuard)
      @Query(() => String, { nullable: true })
      me(@Args('token', { type: () => String }) _: string, @CurrentUser('sub') sub: string): string {
        return sub;
      }
    }
    await using issuer = await startTestIssuer();
    const tokenFrom = (context: { getArgByIndex<T>(index: number): T }) =>
      context.getArgByIndex<{ token: string }>(1).token;
    await using api = await startGraphQLApp(
      'Apollo on Express',
      { issuer: issuer.issuer, audience: issuer.audience, transports: { graphql: { tokenFrom } } },
      { resolvers: [OwnTokensResolver] },
    );
    const good = issuer.token({ sub: 'ada' });
    const { data, errors } = await api.run(`{ a: me(token: "${good}") b: me(token: "a.b.c") }`);
    expect(data).toEqual({ a: 'ada', b: null });
    expect(errors).toMatchObject([{ extensions: { reason: 'malformed_token' } }]);
  });

  it('may hold the request for the upgrade: each operation on a connection is verified', async () => {
    await using issuer = await startTestIssuer();
    let revoked = false;
    const given = { issuer: issuer.issuer, audience: issuer.audience, isRevoked: () => revoked };
    const driver = {
      subscriptions: { 'graphql-ws': true },
      context: ({ req, extra }: { req?: object; extra?: { request: object } }) => ({
        req: extra?.request ?? req,
      }),
    };
    await using api = await startGraphQLApp('Apollo on Express', given, { driver });
    await using client = api.connect(undefined, { authorization: `Bearer ${issuer.token({ sub: 'ada' })}` });
    await expect(first(client, '{ me }')).resolves.toEqual({ me: 'ada' });
    revoked = true;
    await expect(first(client, '{ me }')).rejects.toMatchObject([{ extensions: { reason: 'revoked' } }]);
  });
});
