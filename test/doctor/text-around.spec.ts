import { createHmac } from 'node:crypto';
import type { FindingCode } from 'nestjs-jwks-auth/doctor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { causeIn, DoctorScene } from './scene.js';

let scene: DoctorScene;
beforeAll(async () => void (scene = await DoctorScene.start()));
afterAll(() => scene[Symbol.asyncDispose]());

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A token that an application signs with a secret of its own. */
function symmetric(claims: object): string {
  const input = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
  return `${input}.${createHmac('sha256', 'secret').update(input).digest('base64url')}`;
}

/** What stands around a token that is right: it is taken off, and is the only error. */
const AROUND: readonly (readonly [string, FindingCode, RegExp, (good: string) => string])[] = [
  ['a cookie', 'token_in_url', /cookie/, (good) => `access_token=${good}; Path=/; HttpOnly`],
  ['a header of cookies', 'token_in_url', /cookie/, (good) => `Cookie: a=b; access_token=${good}`],
  ['a line of .env', 'token_prefixed', /"TOKEN="/, (good) => `TOKEN=${good}`],
  ['a line of a shell', 'token_prefixed', /"ACCESS_TOKEN="/, (good) => `export ACCESS_TOKEN="${good}"`],
  ['a line of YAML', 'token_prefixed', /"access_token:"/, (good) => `access_token: ${good}`],
  ['a line of JSON', 'token_prefixed', /"access_token:"/, (good) => `"access_token": "${good}",`],
  ['broken JSON', 'token_prefixed', /stands before/, (good) => `{"access_token":"${good}","x"`],
  [
    'a command, of which nothing else is shown',
    'token_prefixed',
    /^other text stands before the token/,
    (good) => `curl -u jane:hunter2 -H "Authorization: Bearer ${good}" https://api.example`,
  ],
  ['Bearer without a space', 'token_prefixed', /other text/, (good) => `Bearer${good}`],
  ['brackets', 'token_quoted', /brackets/, (good) => `<${good}>`],
  ['a comma', 'token_quoted', /comma/, (good) => `${good},`],
  ['a full stop', 'token_quoted', /full stop/, (good) => `${good}.`],
  ['a space that has no width', 'token_whitespace', /U\+200B/, (good) => `${good}\u200B`],
  ['a soft hyphen', 'token_whitespace', /U\+00AD/, (good) => `${good.slice(0, 50)}\u00AD${good.slice(50)}`],
  [
    'a response of Cognito',
    'token_response',
    /"AccessToken"/,
    (good) => JSON.stringify({ AuthenticationResult: { IdToken: 'a.b.c', AccessToken: good } }),
  ],
  [
    'a response that nests',
    'token_response',
    /"token"/,
    (good) => JSON.stringify({ kind: 'TokenRequest', status: { token: good } }),
  ],
  ['a response of another form', 'token_response', /"value"/, (good) => JSON.stringify({ value: good })],
];

it.each(AROUND)('%s: %s', async (_, code, words, around) => {
  const findings = await scene.diagnose({ token: around(scene.issuer.token()) });
  const errors = findings.filter(({ level }) => level === 'error');
  expect(errors).toEqual([expect.objectContaining({ code, seen: expect.stringMatching(words) })]);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});

const CAUSES: readonly (readonly [string, FindingCode, RegExp, (good: string) => string])[] = [
  ['Bearer undefined', 'token_empty', /missing/, () => 'Bearer undefined'],
  ['null in quotes', 'token_empty', /missing/, () => '"null"'],
  ['the scheme alone', 'token_empty', /scheme/, () => 'Bearer '],
  [
    'a dash of a word processor',
    'token_encoding',
    /U\+2014/,
    (good) => `${good.slice(0, 50)}—${good.slice(50)}`,
  ],
  ['lower case', 'token_malformed', /lower case/, (good) => good.toLowerCase()],
  ['a header that is set twice', 'token_malformed', /two tokens/, (good) => `${good},${good}`],
  ['two tokens in one', 'token_malformed', /two tokens/, (good) => `${good}${good}`],
  ['URL encoding of the header', 'token_url_encoded', /URL-encoded/, (good) => `Bearer%20${good}`],
  [
    'a payload that is not encoded',
    'unsupported_critical',
    /b64/,
    () => `${encoded({ alg: 'ES256', b64: false, crit: ['b64'] })}.{"iss":"https://a.example"}.AAAA`,
  ],
  ['a secret of an application', 'symmetric_algorithm', /"HS256"/, () => symmetric({ sub: '1', exp: 4e9 })],
  [
    'an API key of Supabase',
    'token_api_key',
    /Supabase/,
    () => symmetric({ iss: 'supabase', role: 'anon', exp: 4e9 }),
  ],
];

it.each(CAUSES)('%s: %s', async (_, code, words, around) => {
  const cause = causeIn(await scene.diagnose({ token: around(scene.issuer.token()) }));
  expect(cause).toMatchObject({ code, seen: expect.stringMatching(words) });
  expect(cause?.todo).not.toBe('');
});
