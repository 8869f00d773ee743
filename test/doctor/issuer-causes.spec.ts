import type { FindingCode } from 'nestjs-jwks-auth/doctor';
import { createTestCertificate, startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import https from 'node:https';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.js';
import { causeIn, DoctorScene, type Change } from './scene.js';

let scene: DoctorScene;
beforeAll(async () => void (scene = await DoctorScene.start()));
afterEach(() => {
  scene.issuer.fault(undefined);
  scene.issuer.publish(undefined);
});
afterAll(() => scene[Symbol.asyncDispose]());

const metadata =
  (of: (origin: string, issuer: TestIssuer) => object, path = ''): Change =>
  async (issuer) => ({
    issuer: `${await scene.serveMetadata((origin) => of(origin, issuer), path)}${path}`,
    token: undefined,
  });

const CASES: readonly (readonly [what: string, FindingCode, words: RegExp, Change])[] = [
  // How the issuer is spelled
  [
    'a slash more',
    'issuer_differs',
    /only in the slash at the end/,
    ({ issuer }) => ({ issuer: `${issuer}/` }),
  ],
  [
    'a slash more, and no token',
    'issuer_differs',
    /metadata says .* only in the slash/,
    ({ issuer }) => ({ issuer: `${issuer}/`, token: undefined }),
  ],
  [
    'localhost and 127.0.0.1',
    'issuer_host_differs',
    /name of this machine/,
    ({ issuer }) => ({ issuer: issuer.replace('127.0.0.1', 'localhost') }),
  ],
  [
    'a container inside and outside',
    'issuer_host_differs',
    /host \(127\.0\.0\.1 and keycloak\)/,
    (issuer) => ({ token: issuer.token({ iss: issuer.issuer.replace('127.0.0.1', 'keycloak') }) }),
  ],
  [
    'http and https',
    'issuer_differs',
    /only in http and https/,
    (issuer) => ({ token: issuer.token({ iss: issuer.issuer.replace('http', 'https') }) }),
  ],
  [
    'another port',
    'issuer_host_differs',
    /port/,
    (issuer) => ({ token: issuer.token({ iss: issuer.issuer.replace(/:\d+/, ':8080') }) }),
  ],
  [
    'another realm',
    'issuer_differs',
    /realm \("shop" and "other"\)/,
    (issuer) => ({ token: issuer.token({ iss: issuer.issuer.replace('shop', 'other') }) }),
  ],
  [
    'another case',
    'issuer_differs',
    /upper and lower case/,
    (issuer) => ({ token: issuer.token({ iss: issuer.issuer.replace('shop', 'Shop') }) }),
  ],
  [
    '/v2.0',
    'issuer_differs',
    /"\/v2\.0" at the end/,
    (issuer) => ({ token: issuer.token({ iss: `${issuer.issuer}/v2.0` }) }),
  ],
  [
    'a token of version 1.0',
    'issuer_v1_token',
    /version 1\.0/,
    (issuer) => ({ token: issuer.token({ iss: 'https://sts.windows.net/x/' }) }),
  ],
  [
    'a template',
    'issuer_template',
    /\{tenantid\}/,
    metadata((origin) => ({
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      jwks_uri: `${origin}/jwks`,
    })),
  ],
  [
    'the discovery document',
    'issuer_is_discovery_url',
    /discovery document/,
    ({ issuer }) => ({ issuer: `${issuer}/.well-known/openid-configuration` }),
  ],
  ['the JWK Set', 'issuer_is_jwks_uri', /JWK Set/, ({ jwksUri }) => ({ issuer: jwksUri })],
  [
    'an endpoint',
    'issuer_is_endpoint',
    /no metadata below/,
    ({ issuer }) => ({ issuer: `${issuer}/protocol/openid-connect/token` }),
  ],
  ['a query', 'issuer_invalid', /query/, ({ issuer }) => ({ issuer: `${issuer}?x=1` })],
  ['a space at the end', 'issuer_invalid', /space around it/, ({ issuer }) => ({ issuer: `${issuer} ` })],
  [
    'http elsewhere',
    'issuer_not_https',
    /http, and not on this machine/,
    () => ({ issuer: 'http://login.example/', token: undefined }),
  ],
  [
    'metadata under another name, and a token that is right',
    'issuer_host_differs',
    /the token agrees with the configuration/,
    async (issuer) => {
      const origin = await scene.serveMetadata(() => ({ issuer: 'https://login.example', jwks_uri: 'x' }));
      return { issuer: origin, token: issuer.token({ iss: origin }) };
    },
  ],
  // Discovery
  [
    'no metadata',
    'discovery_not_found',
    /404/,
    async () => ({ issuer: await scene.serve({}), token: undefined }),
  ],
  [
    'metadata without an issuer',
    'discovery_invalid',
    /names none/,
    metadata((origin) => ({ jwks_uri: `${origin}/jwks` })),
  ],
  ['metadata without a jwks_uri', 'jwks_uri_missing', /no jwks_uri/, metadata((issuer) => ({ issuer }))],
  [
    'a jwks_uri that is relative',
    'jwks_uri_missing',
    /no absolute URL|no URL/,
    metadata((issuer) => ({ issuer, jwks_uri: '/jwks' })),
  ],
  [
    'a jwks_uri over http elsewhere',
    'jwks_uri_refused',
    /is not fetched/,
    metadata((issuer) => ({ issuer, jwks_uri: 'http://keycloak:8080/jwks' })),
  ],
  [
    'a jwks_uri at a host that is not known',
    'dns',
    /keycloak\.invalid.*metadata names this address/,
    metadata((issuer) => ({ issuer, jwks_uri: 'https://keycloak.invalid/jwks' })),
  ],
  [
    'an issuer that signs with HS256 alone',
    'symmetric_issuer',
    /"HS256" alone/,
    metadata((origin, issuer) => {
      issuer.publish({ keys: [] });
      return {
        issuer: origin,
        jwks_uri: issuer.jwksUri,
        id_token_signing_alg_values_supported: ['HS256'],
      };
    }),
  ],
  [
    'a login page for metadata',
    'not_json',
    /HTML page/,
    (issuer) => void issuer.fault('html', { on: 'discovery' }),
  ],
  [
    '401 for metadata',
    'access_denied',
    /401/,
    (issuer) => void issuer.fault({ status: 401 }, { on: 'discovery' }),
  ],
  // Reachability
  [
    'nothing that listens',
    'connection_refused',
    /ECONNREFUSED/,
    async () => ({ issuer: `http://127.0.0.1:${await freePort()}`, token: undefined }),
  ],
  [
    'a name that is not known',
    'dns',
    /login\.invalid/,
    () => ({ issuer: 'https://login.invalid/', token: undefined }),
  ],
  [
    'https to plain http',
    'tls_not_spoken',
    /does not speak TLS/,
    ({ issuer }) => ({ issuer: issuer.replace('http', 'https'), token: undefined }),
  ],
  [
    'an address of a metadata service',
    'blocked_address',
    /blocked/,
    () => ({ issuer: 'https://169.254.169.254/', token: undefined }),
  ],
  ['a connection that is reset', 'connection_failed', /ECONNRESET/, (issuer) => void issuer.fault('reset')],
  [
    'keys that hang',
    'timeout',
    /time limit/,
    (issuer) => (issuer.fault('hang'), { keys: { timeoutMs: 200 } }),
  ],
  [
    'metadata that hangs',
    'timeout',
    /time limit/,
    (issuer) => (issuer.fault('hang', { on: 'discovery' }), { keys: { timeoutMs: 200 } }),
  ],
  [
    'a response that is cut off',
    'connection_failed',
    /in the middle of the response/,
    (issuer) => issuer.fault('cut'),
  ],
  ['a redirect', 'redirect', /redirect \(302\) to .*elsewhere/, (issuer) => void issuer.fault('redirect')],
  ['a page instead of keys', 'not_json', /HTML page/, (issuer) => void issuer.fault('html')],
  ['keys that are cut off', 'not_json', /broken or cut off/, (issuer) => void issuer.fault('truncated')],
  ['a body that is too large', 'too_large', /keys\.maxBytes/, (issuer) => void issuer.fault('huge')],
  ['403', 'access_denied', /403/, (issuer) => void issuer.fault({ status: 403 })],
  ['429', 'rate_limited', /429/, (issuer) => void issuer.fault({ status: 429 })],
  ['502', 'http_status', /502/, (issuer) => void issuer.fault({ status: 502 })],
  ['404 for the keys', 'http_status', /404/, (issuer) => void issuer.fault({ status: 404 })],
];

it.each(CASES)('%s: %s', async (_, code, words, change) => {
  const cause = causeIn(await scene.diagnose((await change(scene.issuer)) ?? {}));
  expect(cause).toMatchObject({ code, seen: expect.stringMatching(words) });
  expect(cause?.todo).not.toBe('');
});

it('a certificate that is not trusted here, one that is trusted, and one for another name', async () => {
  const tls = createTestCertificate();
  await using issuer = await startTestIssuer({ tls, algorithm: 'ES256' });
  const options = { issuer: issuer.issuer, audience: issuer.audience, token: issuer.token() };
  const { diagnose } = await import('nestjs-jwks-auth/doctor');
  expect(causeIn(await diagnose(options))).toMatchObject({
    code: 'tls_untrusted',
    todo: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
  const trusting = { requestAgent: new https.Agent({ ca: tls.cert }) };
  expect(causeIn(await diagnose({ ...options, keys: trusting }))).toBeUndefined();
  const elsewhere = { requestAgent: new https.Agent({ ca: tls.cert, servername: 'login.example' }) };
  expect(causeIn(await diagnose({ ...options, keys: elsewhere }))).toMatchObject({
    code: 'tls_name_differs',
  });
});
