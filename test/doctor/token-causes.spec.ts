import { randomBytes, sign, type KeyObject } from 'node:crypto';
import type { TestClaims, TestIssuer, TestTokenOptions } from 'nestjs-jwks-auth/testing';
import type { DiagnoseOptions, FindingCode } from 'nestjs-jwks-auth/doctor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { causeIn, DoctorScene } from './scene.js';

let scene: DoctorScene;
beforeAll(async () => void (scene = await DoctorScene.start()));
afterAll(() => scene[Symbol.asyncDispose]());

const HOUR_S = 3_600;
const nowS = () => Math.floor(Date.now() / 1_000);
const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
const jwe = (header: object) => [encoded(header), 'a', 'b', 'c', 'd'].join('.');
const utf16 = (text: string) => Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]);

type Given = NonNullable<DiagnoseOptions['token']>;
type Changed = (issuer: TestIssuer, good: string) => Given;
const claims =
  (changes: TestClaims, options?: TestTokenOptions): Changed =>
  (issuer) =>
    issuer.token(changes, options);
const header = (changes: Record<string, unknown>): Changed => claims({}, { header: changes });

const CASES: readonly (readonly [what: string, FindingCode, words: RegExp, Changed])[] = [
  // What stands around a token
  ['nothing', 'token_empty', /empty/, () => ''],
  ['the word undefined', 'token_empty', /missing/, () => 'undefined'],
  ['a placeholder', 'token_empty', /placeholder/, () => '${TOKEN}'],
  ['Bearer before it', 'token_prefixed', /"Bearer" stands before/, (_, good) => `Bearer ${good}`],
  [
    'the whole header',
    'token_prefixed',
    /"authorization: Bearer"/,
    (_, good) => `authorization: Bearer ${good}`,
  ],
  ['quotes', 'token_quoted', /quotes/, (_, good) => `"${good}"`],
  ['a line break at the end', 'token_whitespace', /line break at its end/, (_, good) => `${good}\n`],
  ['a space before it', 'token_whitespace', /spaces around/, (_, good) => ` ${good}`],
  [
    'lines of 64 characters',
    'token_whitespace',
    /line breaks or spaces inside/,
    (_, good) => good.replaceAll(/(.{64})/g, '$1\n'),
  ],
  ['two tokens', 'token_whitespace', /2 tokens/, (_, good) => `${good}\n${good}`],
  ['UTF-16', 'token_encoding', /UTF-16LE/, (_, good) => utf16(good)],
  ['a byte order mark', 'token_encoding', /byte order mark/, (_, good) => Buffer.from(`\uFEFF${good}`)],
  ['URL encoding', 'token_url_encoded', /URL-encoded/, (_, good) => good.replaceAll('.', '%2E')],
  ['padding', 'token_base64', /padding/, (_, good) => `${good}==`],
  ['base64 once more', 'token_base64', /once more/, (_, good) => Buffer.from(good).toString('base64')],
  [
    'the response of the token endpoint',
    'token_response',
    /whole response/,
    (_, good) => JSON.stringify({ access_token: good, token_type: 'Bearer' }),
  ],
  [
    'an error of the token endpoint',
    'token_response',
    /"invalid_client"/,
    () => '{"error":"invalid_client"}',
  ],
  [
    'a redirect URL',
    'token_in_url',
    /URL/,
    (_, good) => `https://app.example/cb#access_token=${good}&state=1`,
  ],
  // What is no JWT
  [
    'an opaque token',
    'token_opaque',
    /43 characters/,
    () => randomBytes(32).toString('base64url').replace(/^eyJ/, 'abc'),
  ],
  ['a UUID', 'token_opaque', /UUID/, () => '6f1f2b0e-8f7e-4a8e-9d2c-0a1b2c3d4e5f'],
  ["Google's access token", 'token_opaque', /Google/, () => 'ya29.a0AfH6SMBx'],
  ['a token of GitHub', 'token_opaque', /GitHub/, () => 'gho_16C7e42F292c6912E7710c838347Ae178B4a'],
  ['an API key', 'token_api_key', /API key/, () => 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'],
  ['Basic credentials', 'token_api_key', /password/, () => 'Basic dXNlcjpwYXNz'],
  ['SAML', 'token_saml', /SAML/, () => Buffer.from('<saml:Assertion>').toString('base64')],
  ['a PASETO', 'token_paseto', /PASETO/, () => 'v4.public.eyJzdWIiOiIxIn0'],
  ['an SD-JWT', 'token_sd_jwt', /SD-JWT/, (_, good) => `${good}~WyJhIl0~`],
  ['a login page', 'token_html', /HTML/, () => '<!doctype html><title>Sign in'],
  ['PEM', 'token_key_material', /PEM/, () => '-----BEGIN PRIVATE KEY-----'],
  [
    'a key file',
    'token_json',
    /credentials of a client/,
    () => '{"type":"service_account","private_key":"x"}',
  ],
  ['decoded claims', 'token_json', /decoded claims/, () => '{"iss":"https://x","sub":"1"}'],
  [
    'a JWE of Auth0',
    'encrypted_token',
    /Auth0/,
    () => jwe({ alg: 'dir', enc: 'A256GCM', iss: 'https://t.auth0.com/' }),
  ],
  ['a JWE', 'encrypted_token', /encrypted/, () => jwe({ alg: 'ECDH-ES', enc: 'A256GCM' })],
  [
    'a refresh token of Cognito',
    'encrypted_token',
    /refresh/,
    () => jwe({ alg: 'RSA-OAEP', enc: 'A256GCM' }),
  ],
  ['two parts', 'token_truncated', /2 parts/, (_, good) => good.split('.').slice(0, 2).join('.')],
  ['half of it', 'token_truncated', /cut off/, (_, good) => good.slice(0, good.length / 2)],
  ['an ellipsis', 'token_truncated', /ellipsis/, (_, good) => `${good.slice(0, 40)}...`],
  ['a nested JWT', 'token_malformed', /another token/, (issuer, good) => issuer.forge({ payload: good })],
  [
    'a compressed payload',
    'token_malformed',
    /compressed/,
    (issuer) => issuer.forge({ header: { alg: 'ES256', zip: 'DEF' }, payload: 'x' }),
  ],
  // Kinds
  [
    'an ID token by at_hash, for the client',
    'id_token',
    /ID token/,
    claims({ aud: 'web', at_hash: 'x', scope: undefined }),
  ],
  ['an ID token of Keycloak', 'id_token', /"typ": "ID"/, claims({ aud: 'web', typ: 'ID' })],
  ['an ID token of Cognito', 'id_token', /"token_use": "id"/, claims({ aud: 'web', token_use: 'id' })],
  [
    'an ID token by its nonce and profile',
    'id_token',
    /"nonce"/,
    claims(
      { aud: 'web', client_id: undefined, nonce: 'n', email: 'a@b.example' },
      { header: { typ: 'JWT' } },
    ),
  ],
  [
    'a refresh token of Keycloak',
    'refresh_token',
    /"Refresh"/,
    (issuer) =>
      issuer.forge({
        header: { alg: 'HS512' },
        payload: { ...issuer.claims(), typ: 'Refresh', aud: issuer.issuer },
      }),
  ],
  [
    'a token for Microsoft Graph',
    'graph_token',
    /Graph/,
    claims(
      { iss: 'https://sts.windows.net/x/', aud: 'https://graph.microsoft.com', tid: 'x' },
      { header: { nonce: 'n' } },
    ),
  ],
  ['a logout token', 'logout_token', /logout/, claims({ events: {} }, { header: { typ: 'logout+jwt' } })],
  [
    'a DPoP proof',
    'dpop_proof',
    /DPoP/,
    claims({ htm: 'GET', htu: 'https://api.test' }, { header: { typ: 'dpop+jwt' } }),
  ],
  [
    'a client assertion',
    'client_assertion',
    /assertion/,
    (issuer) => issuer.token({ iss: 'web', sub: 'web', aud: `${issuer.issuer}/token` }),
  ],
  ['another typ', 'wrong_type', /"kb\+jwt"/, header({ typ: 'kb+jwt' })],
  ['crit', 'unsupported_critical', /"exp"/, header({ crit: ['exp'] })],
  ['cnf of DPoP', 'sender_constrained', /DPoP/, claims({ cnf: { jkt: 'x' } })],
  ['cnf of a certificate', 'sender_constrained', /certificate/, claims({ cnf: { 'x5t#S256': 'x' } })],
  ['a sub that is no string', 'invalid_claim', /"sub" is a number/, claims({ sub: 1 })],
  [
    'a token that is too large',
    'token_too_large',
    /maxTokenBytes/,
    claims({ groups: randomBytes(8_000).toString('hex') }),
  ],
  // Algorithms
  [
    'HS256',
    'symmetric_algorithm',
    /"HS256"/,
    (issuer) => issuer.forge({ header: { alg: 'HS256', typ: 'JWT' } }),
  ],
  [
    'alg none',
    'unsecured_token',
    /unsecured/,
    (issuer) => issuer.forge({ header: { alg: 'none' }, signature: 'none' }),
  ],
  ['alg in lower case', 'unsupported_algorithm', /upper and lower case/, header({ alg: 'es256' })],
  ['an unknown alg', 'unsupported_algorithm', /"XX1"/, header({ alg: 'XX1' })],
  ['the key of another algorithm', 'key_algorithm_differs', /is for "ES256"/, header({ alg: 'RS256' })],
  // Audiences
  ['no audience', 'missing_audience', /mapper|audience/, claims({ aud: undefined })],
  [
    'no audience, as Cognito has it',
    'missing_audience',
    /Cognito/,
    claims({ aud: undefined, token_use: 'access' }),
  ],
  ['account', 'wrong_audience', /Keycloak's own client/, claims({ aud: 'account' })],
  ['the client', 'wrong_audience', /client that requested it/, claims({ aud: 'client-1' })],
  [
    'an API that the client calls',
    'wrong_audience',
    /client is configured/,
    claims({ aud: 'other', azp: 'https://api.test' }),
  ],
  ['userinfo alone', 'wrong_audience', /issuer itself/, claims({ aud: 'https://t.auth0.com/userinfo' })],
  ['a space more', 'wrong_audience', /only in a space/, claims({ aud: ' https://api.test' })],
  ['a slash more', 'wrong_audience', /only in the slash at the end/, claims({ aud: 'https://api.test/' })],
  [
    'another case',
    'wrong_audience',
    /upper and lower case/,
    claims({ aud: 'https://api.test'.toUpperCase() }),
  ],
  ['http', 'wrong_audience', /only in https and http/, claims({ aud: 'http://api.test' })],
  [
    'several in one text',
    'audience_is_a_list',
    /one text/,
    claims({ aud: 'https://api.test https://b.test' }),
  ],
  ['another one', 'wrong_audience', /"https:\/\/other\.example"/, claims({ aud: 'https://other.example' })],
  // Times
  ['a token that has expired', 'expired', /60 min ago|1 h ago/, claims({}, { expiresInMs: -3_600_000 })],
  ['nbf in the future', 'not_yet_valid', /nbf/, claims({ nbf: nowS() + HOUR_S })],
  ['iat in the future', 'not_yet_valid', /iat/, claims({ iat: nowS() + HOUR_S })],
  ['iat in milliseconds', 'times_in_milliseconds', /"iat" counts milliseconds/, claims({ iat: Date.now() })],
  [
    'exp in milliseconds',
    'times_in_milliseconds',
    /"exp" counts milliseconds/,
    claims({ exp: Date.now() + 300_000 }),
  ],
  ['exp as a lifetime', 'expired', /exp is 3600, which is a lifetime/, claims({ exp: 3_600 })],
  ['no exp', 'expiry_missing', /never expires/, claims({ exp: undefined })],
  ['exp in quotes', 'invalid_claim', /number of seconds/, claims({ exp: String(nowS() + HOUR_S) })],
  // Keys and signatures
  ['an unknown kid', 'key_not_in_set', /"other"/, header({ kid: 'other' })],
  ['no signature', 'signature_missing', /no signature/, (_, good) => good.replace(/[^.]+$/, '')],
  ['a signature that is cut off', 'signature_truncated', /60 bytes/, (_, good) => good.slice(0, -6)],
  ['another key with the kid', 'bad_signature', /does not fit/, (issuer) => issuer.badTokens()['wrong key']],
  [
    'a key of its own',
    'bad_signature',
    /brings a key of its own/,
    (issuer) => issuer.badTokens()['key of its own (jwk)'],
  ],
  [
    'a signature by another algorithm',
    'signature_der',
    /DER/,
    (issuer) =>
      issuer.forge({ signature: (input) => sign('sha256', input, issuer.keys[0]?.privateKey as KeyObject) }),
  ],
  ['no issuer', 'issuer_missing', /no issuer/, claims({ iss: undefined })],
];

it.each(CASES)('%s: %s', async (_, code, words, change) => {
  const { issuer } = scene;
  const findings = await scene.diagnose({ token: change(issuer, issuer.token()) });
  const cause = causeIn(findings);
  expect(cause).toMatchObject({ code, seen: expect.stringMatching(words) });
  expect(cause?.todo).not.toBe('');
});

it('none of these causes is seen in a token that is right', async () => {
  const findings = await scene.diagnose();
  expect(findings.map(({ level }) => level)).not.toContain('error');
  expect(findings.map(({ level }) => level)).not.toContain('warning');
  expect(findings.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['issuer_matches', 'discovery', 'keys', 'clock', 'audience_matches', 'verified']),
  );
});
