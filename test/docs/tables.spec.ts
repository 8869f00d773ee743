import { inspect } from 'node:util';
import { ATTRIBUTES, AUTH_ERROR_CODES, AuthError, AuthException, METRICS, SPANS } from 'nestjs-jwks-auth';
import { describe, expect, test } from 'vitest';
import { GRANT_CLAIM_DEFAULTS } from '../../src/requirements/grant-claims.js';
import { KEY_OPTION_DEFAULTS } from '../../src/keys/key.options.js';
import { LOGOUT_DEFAULTS } from '../../src/logout/logout.options.js';
import { REVOCATION_DEFAULTS } from '../../src/revocation/revocation.options.js';
import { TOKEN_OPTION_DEFAULTS } from '../../src/token/token.options.js';
import { CORPORA } from '../support/corpus.js';
import { codeIn, read, tableRows } from './markdown.js';
import { PublicApi } from './public-api.js';

const CONFIGURATION = 'docs/guide/configuration.md';
const api = new PublicApi('src/index.ts');
const prefixed = (prefix: string, names: readonly string[]) => names.map((name) => `${prefix}.${name}`);
const namesIn = (document: string, table: string) =>
  tableRows(document, table).flatMap(([name]) => codeIn(name));

/** Options that are objects, of which each member has a row. */
const GROUPS = ['keys', 'claims', 'revocations', 'backChannelLogout', 'resource'];

const OPTIONS = [
  ...api.membersOf('AuthOptions').filter((name) => !GROUPS.includes(name)),
  ...prefixed('keys', api.membersOf('KeyOptions')),
  ...prefixed('claims', api.membersOf('GrantClaims')),
  ...prefixed('revocations', api.membersOf('RevocationOptions')),
  ...prefixed('backChannelLogout', api.membersOf('BackChannelLogoutOptions')),
  ...prefixed('resource', api.membersOf('ResourceOptions')),
  ...api.membersOf('AuthModuleExtras'),
];

describe('docs/guide/configuration.md', () => {
  test('tables every option, and none that does not exist', () => {
    expect(namesIn(CONFIGURATION, 'options').toSorted()).toEqual(OPTIONS.toSorted());
  });

  test('names the defaults that the code has', () => {
    const defaults = Object.entries({
      ...TOKEN_OPTION_DEFAULTS,
      ...withPrefix('keys', KEY_OPTION_DEFAULTS),
      ...withPrefix('claims', GRANT_CLAIM_DEFAULTS),
      ...withPrefix('revocations', REVOCATION_DEFAULTS),
      ...withPrefix('backChannelLogout', LOGOUT_DEFAULTS),
    }).filter(([, value]) => value !== undefined && typeof value !== 'function');
    const documented = Object.fromEntries(
      tableRows(CONFIGURATION, 'options').map(([name, value]) => [codeIn(name)[0], codeIn(value)[0]]),
    );
    expect(defaults.length).toBeGreaterThan(10);
    for (const [name, value] of defaults) expect([name, documented[name]]).toEqual([name, asCode(value)]);
  });

  test('has a section for every option but those of the module builder', () => {
    const headings = [...read(CONFIGURATION).matchAll(/^### `(.+)`$/gm)].map(([, name]) => name ?? '');
    const builder = api.membersOf('AuthModuleExtras');
    const options = OPTIONS.filter((name) => !builder.includes(name) && !name.startsWith('claims.'));
    expect(headings.toSorted()).toEqual([...options, 'claims'].toSorted());
  });
});

test('docs/guide/api.md tables every public name, and none that does not exist', () => {
  expect(namesIn('docs/guide/api.md', 'names').toSorted()).toEqual(api.names.toSorted());
});

describe('docs/operate/telemetry.md', () => {
  const TELEMETRY = 'docs/operate/telemetry.md';

  test('tables every span and every attribute', () => {
    expect(namesIn(TELEMETRY, 'spans').toSorted()).toEqual(Object.values(SPANS).toSorted());
    expect(namesIn(TELEMETRY, 'attributes').toSorted()).toEqual(Object.values(ATTRIBUTES).toSorted());
  });

  test('tables every metric', () => {
    expect(namesIn(TELEMETRY, 'metrics').toSorted()).toEqual(Object.values(METRICS).toSorted());
  });
});

test('docs/guide/http-answers.md tables every code with the status that it is answered with', () => {
  const told = tableRows('docs/guide/http-answers.md', 'codes').map(([code, status]) => [
    codeIn(code)[0],
    Number(status),
  ]);
  const statusOf = (code: (typeof AUTH_ERROR_CODES)[number]) =>
    new AuthException(new AuthError(code), { realm: undefined }).getStatus();
  expect(told).toEqual(AUTH_ERROR_CODES.map((code) => [code, statusOf(code)]));
});

test('docs/guide/troubleshooting.md has a row for every code', () => {
  const rows = tableRows('docs/guide/troubleshooting.md', 'refusals');
  expect(rows.map(([code]) => codeIn(code)[0])).toEqual([...AUTH_ERROR_CODES]);
  expect(rows.flat().filter((cell) => cell === '')).toEqual([]);
});

test('docs/guide/testing.md tables every member of the test issuer', () => {
  const members = new PublicApi('libs/testing/src/index.ts').membersOf('TestIssuer');
  const told = namesIn('docs/guide/testing.md', 'test-issuer').map((code) => code.replace(/\(.*/, ''));
  expect(told.toSorted()).toEqual(members.toSorted());
});

function withPrefix(prefix: string, defaults: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** A value as it is written in TypeScript; one that may stand alone or in an array stands alone. */
function asCode(value: unknown): string {
  const alone: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return inspect(alone, { numericSeparator: true }).replace('[ ', '[').replace(' ]', ']');
}

test('docs/evidence/conformance.md says where the test data of others is from', () => {
  const rows = tableRows('docs/evidence/conformance.md', 'corpora').map(
    ([folder, repository, commit, licence]) => [
      codeIn(folder)[0],
      { repository: /^\[(.+)\]/.exec(repository ?? '')?.[1], commit, licence },
    ],
  );
  expect(Object.fromEntries(rows)).toEqual(CORPORA);
});
