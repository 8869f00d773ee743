import { diagnose, type DiagnoseOptions } from 'nestjs-jwks-auth/doctor';
import {
  createTestCertificate,
  startTestIssuer,
  type TestClaims,
  type TestIssuerOptions,
} from 'nestjs-jwks-auth/testing';
import https from 'node:https';
import { expect, it } from 'vitest';
import { DoctorScene } from './scene.js';

const worst = (findings: Awaited<ReturnType<typeof diagnose>>) =>
  findings
    .filter(({ level }) => level === 'error' || level === 'warning')
    .map(({ code, seen }) => `${code}: ${seen}`);

const ISSUERS: readonly (readonly [string, TestIssuerOptions])[] = [
  ['RSA at the root of a host', {}],
  ['a path with a slash at its end, as Auth0 has it', { path: '/' }],
  ['EC in a realm', { algorithm: 'ES256', path: '/realms/shop' }],
  ['Ed25519', { algorithm: 'EdDSA' }],
  ['metadata of RFC 8414 alone', { discovery: 'oauth', path: '/tenant' }],
  ['keys that may be cached for a day', { cacheControl: 'public, max-age=86400' }],
  ['keys that may not be cached', { cacheControl: 'no-store' }],
];

it.each(ISSUERS)('nothing is wrong with %s', async (_, options) => {
  await using scene = await DoctorScene.start({ path: '', ...options });
  expect(worst(await scene.diagnose())).toEqual([]);
  expect(worst(await scene.diagnose({ token: undefined }))).toEqual([]);
});

it('nothing is wrong with TLS of a private authority that is trusted', async () => {
  const tls = createTestCertificate();
  await using issuer = await startTestIssuer({ tls });
  const keys = { requestAgent: new https.Agent({ ca: tls.cert }) };
  const { issuer: name, audience } = issuer;
  expect(worst(await diagnose({ issuer: name, audience, token: issuer.token(), keys }))).toEqual([]);
});

const TOKENS: readonly (readonly [string, TestClaims, Partial<DiagnoseOptions>])[] = [
  [
    'an access token of Keycloak',
    { typ: 'Bearer', azp: 'web', email: 'a@b.example', preferred_username: 'a', sid: 'x' },
    {},
  ],
  [
    'an access token of Cognito',
    { aud: undefined, token_use: 'access' },
    { audience: null, requiredClaims: { token_use: 'access' } },
  ],
  ['several audiences, as Auth0 has them', { aud: ['https://api.test', 'https://t.auth0.com/userinfo'] }, {}],
  [
    'a token of Firebase, which is an ID token',
    { client_id: undefined, name: 'A', email: 'a@b.example', auth_time: 1 },
    {},
  ],
  ['scp in an array', { scp: ['read'] }, {}],
  ['a bound token where that is ignored', { cnf: { jkt: 'x' } }, { senderConstrained: 'ignore' }],
  [
    'a token that expired within the tolerance',
    { exp: Date.now() / 1_000 - 2 },
    { clockToleranceMs: 60_000 },
  ],
];

it.each(TOKENS)('nothing is wrong with %s', async (_, claims, options) => {
  await using scene = await DoctorScene.start();
  const token = scene.issuer.token(claims);
  const findings = await scene.diagnose({ token, ...options });
  expect(worst(findings)).toEqual([]);
  expect(findings.map(({ code }) => code)).toContain('verified');
});

it('nothing is wrong with jwksUri where discovery cannot be reached', async () => {
  await using scene = await DoctorScene.start({ discovery: 'none' });
  expect(worst(await scene.diagnose({ jwksUri: scene.issuer.jwksUri }))).toEqual([]);
});

it('nothing is wrong with an encryption key and a rotation', async () => {
  await using scene = await DoctorScene.start();
  await scene.issuer.rotate();
  const [first, second] = scene.issuer.keys.map(({ publicJwk }) => publicJwk);
  scene.issuer.publish({ keys: [first, second, { ...first, kid: 'enc', use: 'enc' }] });
  const findings = await scene.diagnose();
  expect(worst(findings)).toEqual([]);
  expect(findings).toContainEqual(expect.objectContaining({ code: 'keys_left_out', level: 'note' }));
});

it('a line break at the end of a file is no part of the token', async () => {
  await using scene = await DoctorScene.start();
  expect(worst(await scene.diagnose({ token: Buffer.from(`${scene.issuer.token()}\r\n`) }))).toEqual([]);
});
