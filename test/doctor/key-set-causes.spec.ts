import type { FindingCode } from 'nestjs-jwks-auth/doctor';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { causeIn, DoctorScene, type Change } from './scene.js';

let scene: DoctorScene;
beforeAll(async () => void (scene = await DoctorScene.start()));
afterEach(() => {
  scene.issuer.fault(undefined);
  scene.issuer.publish(undefined);
});
afterAll(() => scene[Symbol.asyncDispose]());

const jwk = (issuer: TestIssuer): Record<string, unknown> => ({ ...issuer.keys[0]?.publicJwk });
const publish =
  (body: (issuer: TestIssuer) => unknown): Change =>
  (issuer) => {
    issuer.publish(body(issuer));
    return {};
  };
const publishKey = (change: (key: Record<string, unknown>) => object): Change =>
  publish((issuer) => ({ keys: [change(jwk(issuer))] }));
const weakKey = () =>
  generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
const served =
  (body: unknown, status = 200, type = 'application/json'): Change =>
  async () => ({
    jwksUri: `${await scene.serve({ '/x': { status, headers: { 'content-type': type }, body } })}/x`,
  });

const CASES: readonly (readonly [what: string, FindingCode, words: RegExp, Change])[] = [
  // Keys
  ['an empty set', 'keys_empty', /empty/, (issuer) => void issuer.fault('empty')],
  [
    'a key for encryption alone',
    'keys_none_usable',
    /not_for_signatures/,
    publishKey((key) => ({ ...key, use: 'enc' })),
  ],
  [
    'a weak key alone',
    'keys_none_usable',
    /too_weak/,
    publish(() => ({ keys: [{ ...weakKey(), kid: 'weak' }] })),
  ],
  [
    'the weak key of the token',
    'key_left_out',
    /too_weak/,
    async (issuer) => {
      issuer.publish({ keys: [jwk(issuer), { ...weakKey(), kid: 'weak' }] });
      return { token: issuer.token({}, { header: { kid: 'weak' } }) };
    },
  ],
  ['a private key', 'private_key_published', /private key/, publishKey((key) => ({ ...key, d: 'x' }))],
  [
    'a symmetric key',
    'keys_none_usable',
    /symmetric/,
    publish(() => ({ keys: [{ kty: 'oct', k: 'x', kid: 'a' }] })),
  ],
  [
    'a key of another algorithm',
    'key_algorithm_differs',
    /is for "ES384"|is for/,
    async (issuer) => {
      const other = await issuer.createKey('RS256', issuer.keys[0]?.kid ?? '');
      issuer.publish({ keys: [other.publicJwk] });
      return {};
    },
  ],
  [
    'no kid, and several keys',
    'key_not_named',
    /no kid/,
    async (issuer) => {
      const other = await issuer.createKey('ES256');
      issuer.publish({ keys: [jwk(issuer), other.publicJwk] });
      return { token: issuer.token({}, { header: { kid: undefined } }) };
    },
  ],
  [
    'more keys than keys.maxKeys',
    'keys_too_many',
    /keys\.maxKeys/,
    async (issuer) => {
      issuer.publish({ keys: Array(3).fill(jwk(issuer)) });
      return { keys: { maxKeys: 2 } };
    },
  ],
  // jwksUri
  [
    'metadata at jwksUri',
    'jwks_uri_is_discovery',
    /metadata of the issuer/,
    ({ issuer }) => ({ jwksUri: `${issuer}/.well-known/openid-configuration` }),
  ],
  ['a page at jwksUri', 'not_json', /HTML page/, served('<html>', 200, 'text/html')],
  ['PEM at jwksUri', 'not_json', /PEM/, served('-----BEGIN PUBLIC KEY-----')],
  [
    'certificates at jwksUri',
    'jwks_uri_has_certificates',
    /certificates/,
    served({ a: '-----BEGIN CERTIFICATE-----' }),
  ],
  ['one key at jwksUri', 'jwks_uri_is_one_key', /single JWK/, served({ kty: 'EC' })],
  ['an array at jwksUri', 'jwks_uri_is_one_key', /array of keys/, served([{ kty: 'EC' }])],
  ['other JSON at jwksUri', 'not_a_key_set', /without an array/, served({ status: 'UP' })],
  [
    'the keys of another issuer at jwksUri',
    'key_not_in_set',
    /not in the JWK Set/,
    async () => {
      await using other = await startTestIssuer({ algorithm: 'ES256' });
      return { jwksUri: `${await scene.serve({ '/x': { body: { keys: [other.keys[0]?.publicJwk] } } })}/x` };
    },
  ],
  // Clocks
  [
    'a clock that is ahead',
    'clock_differs',
    /ahead of .* still valid/,
    (issuer) => {
      const date = new Date(Date.now() - 3_600_000).toUTCString();
      issuer.fault({ headers: { date } }, { on: 'all' });
      return { token: issuer.token({}, { expiresInMs: -600_000 }) };
    },
  ],
  [
    'a clock that is behind',
    'clock_differs',
    /behind .* valid already/,
    (issuer) => {
      const date = new Date(Date.now() + 600_000).toUTCString();
      issuer.fault({ headers: { date } }, { on: 'all' });
      return {
        token: issuer.token({
          iat: Math.floor(Date.now() / 1_000) + 600,
          exp: Math.floor(Date.now() / 1_000) + 900,
        }),
      };
    },
  ],
  [
    'a clock, and no token',
    'clock_differs',
    /10 min behind/,
    (issuer) => {
      issuer.fault({ headers: { date: new Date(Date.now() + 600_000).toUTCString() } }, { on: 'all' });
      return { token: undefined };
    },
  ],
];

it.each(CASES)('%s: %s', async (_, code, words, change) => {
  const cause = causeIn(await scene.diagnose((await change(scene.issuer)) ?? {}));
  expect(cause).toMatchObject({ code, seen: expect.stringMatching(words) });
  expect(cause?.todo).not.toBe('');
});
