import type { FindingCode } from 'nestjs-jwks-auth/doctor';
import type { TestClaims } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { causeIn, DoctorScene, type Change } from './scene.js';

let scene: DoctorScene;
let rsa: DoctorScene;
beforeAll(async () => {
  scene = await DoctorScene.start();
  rsa = await DoctorScene.start({ algorithm: 'RS256' });
});
afterEach(() => void scene.issuer.publish(undefined));
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await rsa[Symbol.asyncDispose]();
});

const nowS = () => Math.floor(Date.now() / 1_000);
const GUID = '6f1f2b0e-8f7e-4a8e-9d2c-0a1b2c3d4e5f';
const audiences =
  (audience: string, claims: TestClaims): Change =>
  (issuer) => ({ audience, token: issuer.token(claims) });

/** Of several things that are wrong, or look wrong, the cause comes first. */
const CASES: readonly (readonly [string, FindingCode, RegExp, Change])[] = [
  [
    'the http name inside, and the https name in the token',
    'issuer_host_differs',
    /keycloak and login\.example/,
    (issuer) => ({
      issuer: 'http://keycloak:8080/realms/shop',
      token: issuer.token({ iss: 'https://login.example/realms/shop' }),
    }),
  ],
  [
    'the http name in both',
    'issuer_not_https',
    /not on this machine/,
    (issuer) => ({
      issuer: 'http://keycloak:8080/realms/shop',
      token: issuer.token({ iss: 'http://keycloak:8080/realms/shop' }),
    }),
  ],
  ['an empty iss', 'issuer_missing', /iss is ""/, (issuer) => ({ token: issuer.token({ iss: '' }) })],
  [
    'keys for RS256, and a token of ES256 under another kid',
    'key_not_in_set',
    /signed with "ES256", and those keys are for "RS256"/,
    (issuer) => void issuer.publish({ keys: [rsa.issuer.keys[0]?.publicJwk] }),
  ],
  [
    'the same without a kid',
    'key_algorithm_differs',
    /are for "RS256"/,
    (issuer) => {
      issuer.publish({ keys: [rsa.issuer.keys[0]?.publicJwk] });
      return { token: issuer.token({}, { header: { kid: undefined } }) };
    },
  ],
  [
    'an ID token of Entra ID with roles',
    'id_token',
    /"nonce"/,
    (issuer) => ({
      token: issuer.token(
        { aud: 'web', nonce: 'n', roles: ['a'], client_id: undefined, scope: undefined },
        { header: { typ: 'JWT' } },
      ),
    }),
  ],
  [
    'an ID token with a scope',
    'id_token',
    /"nonce" and its client as audience/,
    (issuer) => ({
      token: issuer.token({ aud: 'web', client_id: 'web', nonce: 'n' }, { header: { typ: 'JWT' } }),
    }),
  ],
  [
    'a lifetime that is negative',
    'expired',
    /never valid: its lifetime is -60 s/,
    (issuer) => ({ token: issuer.token({ iat: nowS(), exp: nowS() - 60 }) }),
  ],
  [
    'nbf after exp',
    'not_yet_valid',
    /it expires before that/,
    (issuer) => ({ token: issuer.token({ nbf: nowS() + 120, exp: nowS() + 60 }) }),
  ],
  [
    'a GUID and an identifier URI',
    'wrong_audience',
    /identifier URI/,
    audiences(GUID, { aud: 'api://orders' }),
  ],
  ['a letter less', 'wrong_audience', /letter or two/, audiences('oders-api', { aud: 'orders-api' })],
  [
    'another ending',
    'wrong_audience',
    /only in "-dev" at the end/,
    audiences('orders', { aud: 'orders-dev' }),
  ],
  ['quotes', 'wrong_audience', /quotes around/, audiences('"orders"', { aud: 'orders' })],
  ['JSON', 'audience_is_a_list', /one text/, audiences('["orders"]', { aud: 'orders' })],
  ['a scope', 'wrong_audience', /a scope/, audiences('orders:read', { aud: 'x', scope: 'orders:read' })],
  [
    'a body that is not in its content coding',
    'not_json',
    /Content-Encoding: "gzip"/,
    async () => ({
      jwksUri: `${await scene.serve({ '/x': { headers: { 'content-encoding': 'gzip' }, body: {} } })}/x`,
    }),
  ],
  [
    'a jwks_uri of another scheme',
    'jwks_uri_refused',
    /no URL of http/,
    async () => ({
      issuer: await scene.serveMetadata((issuer) => ({ issuer, jwks_uri: 'ftp://a.example/jwks' })),
      token: undefined,
    }),
  ],
  [
    'metadata at every address, without a jwks_uri',
    'jwks_uri_missing',
    /no jwks_uri/,
    async () => {
      const answers: Record<string, { body: unknown }> = {};
      const issuer = await scene.serve(answers);
      for (const path of ['/', '/.well-known/openid-configuration']) answers[path] = { body: { issuer } };
      return { issuer, token: undefined };
    },
  ],
];

it.each(CASES)('%s: %s', async (_, code, words, change) => {
  const cause = causeIn(await scene.diagnose((await change(scene.issuer)) ?? {}));
  expect(cause).toMatchObject({ code, seen: expect.stringMatching(words) });
  expect(cause?.todo).not.toBe('');
});

it('an ID token of Google is no error where the audience is not given', async () => {
  const claims = { email: 'a@b.example', name: 'A', client_id: undefined, scope: undefined };
  const tokenFor = (client: string) =>
    scene.issuer.token({ ...claims, aud: client, azp: client }, { header: { typ: 'JWT' } });
  const google = tokenFor('123-abc.apps.googleusercontent.com');
  expect(causeIn(await scene.diagnose({ audience: undefined, token: google }))).toBeUndefined();
  expect(causeIn(await scene.diagnose({ audience: undefined, token: tokenFor('web') }))?.code).toBe(
    'id_token',
  );
});

it('an iss that is no URL needs jwksUri beside it', async () => {
  const cause = causeIn(await scene.diagnose({ token: scene.issuer.token({ iss: 'orders' }) }));
  expect(cause).toMatchObject({ code: 'issuer_differs', todo: expect.stringContaining('jwksUri beside it') });
});

it('400 to plain http may come of a server that expects https', async () => {
  const path = '/.well-known/openid-configuration';
  const todoFor = async (status: number) => {
    const paths = [path, '/.well-known/oauth-authorization-server'];
    const issuer = await scene.serve(Object.fromEntries(paths.map((one) => [one, { status, body: '' }])));
    return causeIn(await scene.diagnose({ issuer, token: undefined }))?.todo;
  };
  expect(await todoFor(400)).toContain('expects https at this port');
  expect(await todoFor(404)).not.toContain('expects https');
});
