import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();
const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

describe('a test issuer', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
  });
  afterAll(() => issuer.close());

  it('names itself and its key set in its discovery document', async () => {
    expect(await json(`${issuer.issuer}/.well-known/openid-configuration`)).toMatchObject({
      issuer: issuer.issuer,
      jwks_uri: issuer.jwksUri,
    });
    expect(await statusOf(`${issuer.issuer}/.well-known/oauth-authorization-server`)).toBe(404);
  });

  it('publishes the public half of its keys and nothing else', async () => {
    const response = await fetch(issuer.jwksUri);
    expect(response.headers.get('content-type')).toBe('application/jwk-set+json');
    expect(response.headers.get('cache-control')).toBeNull();
    const { keys } = (await response.json()) as JSONWebKeySet;
    expect(keys).toEqual(issuer.keys.map(({ publicJwk }) => publicJwk));
    expect(keys.map((key) => Object.keys(key).toSorted())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']]);
  });

  it('answers 404 to everything else', async () => {
    expect(await statusOf(`${issuer.issuer}/`)).toBe(404);
    expect(await statusOf(`${issuer.issuer}/elsewhere/nowhere`)).toBe(404);
    expect(await statusOf(`${issuer.issuer}/somewhere/jwks`)).toBe(404);
  });

  it('counts and keeps what it was asked for until it is reset', async () => {
    issuer.requests.reset();
    const before = Date.now();
    await fetch(`${issuer.jwksUri}?a=1`, { headers: { 'x-test': 'yes' } });
    await fetch(`${issuer.issuer}/.well-known/oauth-authorization-server`);
    await fetch(`${issuer.issuer}/other`);
    const { requests } = issuer;
    expect([requests.jwks, requests.discovery, requests.log.length]).toEqual([1, 1, 3]);
    expect(requests.log[0]).toMatchObject({ path: '/jwks?a=1', headers: { 'x-test': 'yes' } });
    expect(requests.log[0]?.at).toBeGreaterThanOrEqual(before);
    requests.reset();
    expect([requests.jwks, requests.discovery, requests.log.length]).toEqual([0, 0, 0]);
  });
});

describe('the options of a test issuer', () => {
  const WELL_KNOWN = [
    ['oidc', '/tenant/', '/tenant/.well-known/openid-configuration'],
    ['oidc', '/tenant', '/tenant/.well-known/openid-configuration'],
    ['oauth', '/tenant/', '/.well-known/oauth-authorization-server/tenant'],
    ['oauth', '', '/.well-known/oauth-authorization-server'],
  ] as const;
  it.each(WELL_KNOWN)(
    'discovery %s puts the document of %j at %s only',
    async (discovery, path, wellKnown) => {
      await using issuer = await startTestIssuer({ discovery, path });
      const { origin } = new URL(issuer.issuer);
      expect(issuer.issuer).toBe(origin + path);
      expect(await json(origin + wellKnown)).toMatchObject({
        issuer: issuer.issuer,
        jwks_uri: issuer.jwksUri,
      });
      for (const other of WELL_KNOWN.map(([, , place]) => place).filter((place) => place !== wellKnown)) {
        expect(await statusOf(origin + other)).toBe(404);
      }
      expect(await statusOf(issuer.jwksUri)).toBe(200);
    },
  );

  it('discovery none leaves the key set as the only document', async () => {
    await using issuer = await startTestIssuer({ discovery: 'none' });
    expect(await statusOf(`${issuer.issuer}/.well-known/openid-configuration`)).toBe(404);
    expect(await statusOf(`${issuer.issuer}/.well-known/oauth-authorization-server`)).toBe(404);
    expect(await statusOf(issuer.jwksUri)).toBe(200);
  });

  it('audience, cacheControl and port are taken as given', async () => {
    const first = await startTestIssuer();
    const port = Number(new URL(first.issuer).port);
    await expect(startTestIssuer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
    await using issuer = await startTestIssuer({ port, audience: 'urn:x', cacheControl: 'max-age=60' });
    expect([issuer.issuer, issuer.audience]).toEqual([first.issuer, 'urn:x']);
    expect((await fetch(issuer.jwksUri)).headers.get('cache-control')).toBe('max-age=60');
  });

  it('refuses options that make no sense, by name', async () => {
    await expect(startTestIssuer({ algorithm: 'HS256' as never })).rejects.toThrow(/^algorithm: .*HS256/);
    await expect(startTestIssuer({ path: 'tenant' })).rejects.toThrow(/^path: .*tenant/);
  });
});

it('close() ends open connections at once and may be called again', async () => {
  const issuer = await startTestIssuer({ algorithm: 'ES256' });
  issuer.fault('hang');
  const hanging = fetch(issuer.jwksUri).then(
    () => 'answered',
    () => 'cut',
  );
  while (issuer.requests.jwks === 0) await new Promise(setImmediate);
  await Promise.all([issuer.close(), issuer.close()]);
  await issuer.close();
  expect(await hanging).toBe('cut');
  await expect(fetch(issuer.jwksUri)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});
