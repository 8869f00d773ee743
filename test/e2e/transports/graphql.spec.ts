import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  first,
  OrdersResolver,
  SERVERS,
  startGraphQLApp,
  type GraphQLApp,
} from '../../support/graphql-app.js';

describe.each(SERVERS)('GraphQL with %s', (server) => {
  let issuer: TestIssuer;
  let api: GraphQLApp;
  let validations = 0;
  let revoked = '';

  beforeAll(async () => {
    issuer = await startTestIssuer();
    api = await startGraphQLApp(server, {
      issuer: issuer.issuer,
      audience: issuer.audience,
      validate: (claims) => {
        validations += 1;
        return claims;
      },
      isRevoked: ({ sub }) => sub === revoked,
    });
  });
  beforeEach(() => {
    validations = 0;
    revoked = '';
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });

  it('lets a good token through, and puts its user where @CurrentUser reads it', async () => {
    const { status, data, errors } = await api.run('{ me }', issuer.token({ sub: 'ada' }));
    expect({ status, data, errors }).toEqual({ status: 200, data: { me: 'ada' }, errors: [] });
  });

  it('refuses without a token, with a challenge and a reason', async () => {
    const calls = OrdersResolver.calls;
    const { data, errors, headers, text } = await api.run('{ me }');
    expect(data ?? null).toBeNull();
    expect(errors).toMatchObject([
      {
        message: 'The request carries no bearer token',
        extensions: { code: 'UNAUTHENTICATED', reason: 'missing_token' },
      },
    ]);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="/);
    expect(headers.get('cache-control')).toContain('no-store');
    expect(text).not.toContain('"http"');
    expect(OrdersResolver.calls).toBe(calls);
  });

  it.each([
    ['expired', () => issuer.token({ exp: Math.floor(Date.now() / 1_000) - 60 })],
    ['wrong_audience', () => issuer.token({ aud: 'other' })],
    ['bad_signature', () => `${issuer.token().slice(0, -8)}AAAAAAAA`],
    ['malformed_token', () => 'e30.e30.e30'],
  ])('refuses a token that is %s', async (reason, token) => {
    const { errors } = await api.run('{ me }', token());
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', reason } }]);
    expect((await api.run('{ me }', issuer.token())).errors).toEqual([]);
  });

  it('names the scopes that a resolver needs', async () => {
    const { data, errors, headers } = await api.run('{ scoped me }', issuer.token({ scope: 'orders:read' }));
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'FORBIDDEN',
          reason: 'insufficient_scope',
          requiredScopes: ['orders:read', 'orders:list'],
        },
      },
    ]);
    expect(data).toMatchObject({ scoped: null });
    expect(headers.get('www-authenticate')).toContain('scope="orders:read orders:list"');
    const scope = 'orders:list orders:read';
    expect((await api.run('{ scoped }', issuer.token({ scope }))).data).toEqual({ scoped: 'scoped' });
  });

  it('guards mutations', async () => {
    const mutation = 'mutation ($id: String!) { place(id: $id) }';
    const refused = await api.run(mutation, issuer.token({ sub: 'ada' }), { id: '7' });
    expect(refused.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    const token = issuer.token({ sub: 'ada', scope: 'orders:write' });
    expect((await api.run(mutation, token, { id: '7' })).data).toEqual({ place: '7 for ada' });
  });

  it('guards fields', async () => {
    const refused = await api.run('{ order { id secret } }', issuer.token());
    expect(refused.data).toEqual({ order: { id: '1', secret: null } });
    expect(refused.errors).toMatchObject([{ extensions: { reason: 'insufficient_scope' } }]);
    const { data } = await api.run('{ order { secret } }', issuer.token({ scope: 'orders:secret' }));
    expect(data).toEqual({ order: { secret: 'secret of 1' } });
  });

  it('verifies once for all root fields of a request, and for all operations of a batch', async () => {
    const token = issuer.token({ sub: 'ada' });
    const fields = Array.from({ length: 10 }, (_, i) => `f${i}: me`).join(' ');
    expect((await api.run(`{ ${fields} }`, token)).data).toMatchObject({ f0: 'ada', f9: 'ada' });
    expect(validations).toBe(1);
    const response = await fetch(api.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify([{ query: '{ me }' }, { query: '{ a: me }' }]),
    });
    expect(await response.json()).toMatchObject([{ data: { me: 'ada' } }, { data: { a: 'ada' } }]);
    expect(validations).toBe(2);
  });

  it('opens what is public, and what is optional without credentials', async () => {
    expect((await api.run('{ open }', 'bad')).data).toEqual({ open: 'anonymous' });
    expect((await api.run('{ optional }')).data).toEqual({ optional: 'anonymous' });
    expect((await api.run('{ optional }', issuer.token({ sub: 'ada' }))).data).toEqual({ optional: 'ada' });
    const { errors } = await api.run('{ optional }', issuer.token({ aud: 'other' }));
    expect(errors).toMatchObject([{ extensions: { reason: 'wrong_audience' } }]);
  });

  it('says when a client may try again while the issuer is away', async () => {
    await using other = await startTestIssuer();
    other.fault({ status: 500 }, { on: 'all' });
    await using down = await startGraphQLApp(server, {
      issuer: other.issuer,
      audience: other.audience,
      keys: { bootstrap: 'background' },
    });
    const { errors, headers } = await down.run('{ me }', other.token());
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'SERVICE_UNAVAILABLE',
          reason: 'keys_unavailable',
          retryAfter: Number(headers.get('retry-after')),
        },
      },
    ]);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await down.run('{ open }')).data).toEqual({ open: 'anonymous' });
  });

  describe('over a connection', () => {
    it.each([
      ['connection parameters', (token: string) => [{ authorization: `Bearer ${token}` }]],
      ['connection parameters in upper case', (token: string) => [{ Authorization: `Bearer ${token}` }]],
      [
        'headers among the parameters',
        (token: string) => [{ headers: { Authorization: `Bearer ${token}` } }],
      ],
      ['the header of the upgrade', (token: string) => [undefined, { authorization: `Bearer ${token}` }]],
    ] as const)('takes the token from %s', async (_, places) => {
      const [parameters, headers] = places(issuer.token({ sub: 'ada' })) as [
        Record<string, unknown>?,
        Record<string, string>?,
      ];
      await using client = api.connect(parameters, headers);
      await expect(first(client, 'subscription { ticks }')).resolves.toEqual({ ticks: 'tick 1' });
      await expect(first(client, '{ me }')).resolves.toEqual({ me: 'ada' });
      await using none = api.connect();
      await expect(first(none, 'subscription { ticks }')).rejects.toMatchObject([
        { extensions: { code: 'UNAUTHENTICATED', reason: 'missing_token' } },
      ]);
    });

    it('refuses two tokens', async () => {
      const authorization = `Bearer ${issuer.token()}`;
      await using client = api.connect({ authorization }, { authorization });
      await expect(first(client, 'subscription { ticks }')).rejects.toMatchObject([
        { extensions: { reason: 'multiple_tokens' } },
      ]);
      await using twice = api.connect({ authorization, Authorization: authorization });
      await expect(first(twice, 'subscription { ticks }')).rejects.toMatchObject([
        { extensions: { reason: 'multiple_tokens' } },
      ]);
    });

    it('has no user in what is public, whoever called before', async () => {
      await using client = api.connect({ authorization: `Bearer ${issuer.token({ sub: 'ada' })}` });
      await expect(first(client, '{ me }')).resolves.toEqual({ me: 'ada' });
      await expect(first(client, '{ open }')).resolves.toEqual({ open: 'anonymous' });
      await expect(first(client, '{ me open }')).resolves.toEqual({ me: 'ada', open: 'anonymous' });
    });

    it('checks each operation anew', async () => {
      await using client = api.connect({ authorization: `Bearer ${issuer.token({ sub: 'eve' })}` });
      await expect(first(client, 'subscription { ticks }')).resolves.toEqual({ ticks: 'tick 1' });
      revoked = 'eve';
      await expect(first(client, 'subscription { ticks }')).rejects.toMatchObject([
        { extensions: { code: 'UNAUTHENTICATED', reason: 'revoked' } },
      ]);
      await expect(first(client, '{ me }')).rejects.toMatchObject([{ extensions: { reason: 'revoked' } }]);
      revoked = '';
      await expect(first(client, '{ me }')).resolves.toEqual({ me: 'eve' });
    });

    it('verifies once for an operation of many fields', async () => {
      await using client = api.connect({ authorization: `Bearer ${issuer.token({ sub: 'ada' })}` });
      await expect(first(client, '{ a: me b: me c: me }')).resolves.toEqual({ a: 'ada', b: 'ada', c: 'ada' });
      expect(validations).toBe(1);
    });
  });
});
