import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, SampleController, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { rawRequest } from '../../support/raw-request.js';

describe.each(ADAPTERS)('what a client gets on %s', (adapter) => {
  let issuer: TestIssuer;
  let api: GuardedApp;
  beforeAll(async () => {
    issuer = await startTestIssuer();
    const { audience } = issuer;
    api = await startGuardedApp(
      { issuer: issuer.issuer, audience, keys: { bootstrap: 'require' } },
      { adapter },
    );
  });
  afterAll(async () => {
    await api.app.close();
    await issuer.close();
  });
  const realm = () => `Bearer realm="${issuer.audience}"`;
  const bearer = (claims?: object) => `Bearer ${issuer.token(claims as never)}`;

  const WITHOUT_CREDENTIALS: [string, () => string[]][] = [
    ['no Authorization header', () => []],
    ['an empty Authorization header', () => ['Authorization', '']],
    ['another scheme', () => ['Authorization', 'Basic dXNlcjpwYXNz']],
    ['the DPoP scheme', () => ['Authorization', `DPoP ${issuer.token()}`]],
  ];
  it.each(WITHOUT_CREDENTIALS)('responds with 401 with a bare challenge to %s', async (_, headers) => {
    const response = await rawRequest(`${api.url}/me`, headers());
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(realm());
    expect(JSON.parse(response.body)).toMatchObject({
      code: 'missing_token',
      status: 401,
      title: 'Unauthorized',
    });
  });

  it('ignores a token in the query string', async () => {
    const response = await rawRequest(`${api.url}/me?access_token=${issuer.token()}`, []);
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(realm());
  });

  const MALFORMED: [string, string, () => string[]][] = [
    ['Bearer alone', 'malformed_request', () => ['Authorization', 'Bearer']],
    ['Bearer and spaces', 'malformed_request', () => ['Authorization', 'Bearer   ']],
    ['illegal characters', 'malformed_request', () => ['Authorization', 'Bearer a{b}']],
    [
      'illegal characters in what is too long besides',
      'malformed_request',
      () => ['Authorization', `Bearer {${'a'.repeat(9_000)}}`],
    ],
    [
      'illegal characters behind a valid token',
      'malformed_request',
      () => ['Authorization', `${bearer()} x`],
    ],
    ['another space character', 'malformed_request', () => ['Authorization', bearer().replace(' ', ' \t')]],
    ['a comma list', 'malformed_request', () => ['Authorization', `${bearer()}, ${bearer()}`]],
    [
      'two Authorization lines',
      'multiple_tokens',
      () => ['Authorization', bearer(), 'authorization', bearer()],
    ],
  ];
  it.each(MALFORMED)('responds with 400 invalid_request to %s', async (_, code, headers) => {
    const response = await rawRequest(`${api.url}/me`, headers());
    expect(response.status).toBe(400);
    expect(response.headers['www-authenticate']).toContain(
      `${realm()}, error="invalid_request", error_description="`,
    );
    expect(JSON.parse(response.body)).toMatchObject({ code, status: 400, type: 'about:blank' });
  });

  it('responds with 400 to a token in the header and another in the query', async () => {
    const response = await rawRequest(`${api.url}/me?a=1&access_token=x`, ['Authorization', bearer()]);
    expect(response.status).toBe(400);
    expect(JSON.parse(response.body)).toMatchObject({ code: 'multiple_tokens' });
  });

  it('refuses each bad token with 401 invalid_token and lets the good one through on the same route', async () => {
    const before = SampleController.calls;
    for (const [name, token] of Object.entries(issuer.badTokens())) {
      const response = await api.get('/me', token);
      expect.soft(response.status, name).toBe(401);
      const challenge = response.headers.get('www-authenticate');
      expect.soft(challenge, name).toContain(`${realm()}, error="invalid_token", error_description="`);
      const body = await response.text();
      const pieces = token.split('.').filter((piece) => piece.length > 8);
      for (const piece of pieces) expect.soft(body + challenge, name).not.toContain(piece);
    }
    expect(SampleController.calls).toBe(before);
    expect((await api.get('/me', issuer.token())).status).toBe(200);
    expect(SampleController.calls).toBe(before + 1);
  });

  it('responds alike to an unknown key and to a bad signature', async () => {
    const { 'unknown kid': unknownKid, 'wrong key': wrongKey } = issuer.badTokens();
    const responses = await Promise.all([api.get('/me', unknownKid), api.get('/me', wrongKey)]);
    const [first, second] = await Promise.all(responses.map((response) => response.text()));
    expect(first).toBe(second);
    expect(responses[0]?.headers.get('www-authenticate')).toBe(responses[1]?.headers.get('www-authenticate'));
  });

  it('responds with 403 insufficient_scope with all that the route needs', async () => {
    const response = await api.get('/scoped', issuer.token({ scope: 'read:orders' }));
    expect(response.status).toBe(403);
    const challenge = response.headers.get('www-authenticate');
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="read:orders list:orders"');
    expect(await response.json()).toMatchObject({
      code: 'insufficient_scope',
      status: 403,
      title: 'Forbidden',
    });
    expect((await api.get('/scoped', issuer.token({ scope: 'list:orders x read:orders' }))).status).toBe(200);
  });

  it('sends the challenge to HEAD requests too', async () => {
    const response = await rawRequest(`${api.url}/me`, [], 'HEAD');
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(realm());
    expect((await rawRequest(`${api.url}/me`, ['authorization', bearer()], 'HEAD')).status).toBe(200);
  });

  const ACCEPTED: [string, () => string][] = [
    ['bearer in lower case', () => bearer().replace('Bearer', 'bearer')],
    ['BEARER and many spaces', () => bearer().replace('Bearer ', 'BEARER    ')],
    [
      'typ application/at+jwt in odd case',
      () => `Bearer ${issuer.token({}, { header: { typ: 'Application/AT+JWT' } })}`,
    ],
    ['typ JWT', () => `Bearer ${issuer.token({}, { header: { typ: 'JWT' } })}`],
    ['no typ', () => `Bearer ${issuer.token({}, { header: { typ: undefined } })}`],
    ['aud an array', () => bearer({ aud: ['https://other.test', issuer.audience] })],
    ['a fractional exp', () => bearer({ exp: Date.now() / 1_000 + 60.5 })],
    [
      'unknown claims and header members',
      () => `Bearer ${issuer.token({ x: { y: [1] } }, { header: { x: 1 } })}`,
    ],
  ];
  it.each(ACCEPTED)('accepts %s', async (_, authorization) => {
    expect((await rawRequest(`${api.url}/me`, ['authorization', authorization()])).status).toBe(200);
  });

  it('responds with 503 with Retry-After, and no challenge, when keys cannot be had', async () => {
    const dead = await startTestIssuer();
    dead.fault({ status: 500 }, { on: 'all' });
    const options = {
      issuer: dead.issuer,
      audience: dead.audience,
      keys: { bootstrap: 'background' },
    } as const;
    await using orphan = await startGuardedApp(options, { adapter });
    const response = await orphan.get('/me', dead.token());
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await response.json()).toMatchObject({ code: 'keys_unavailable', status: 503 });
    await dead.close();
  });
});
