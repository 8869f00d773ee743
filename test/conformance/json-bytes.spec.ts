import 'reflect-metadata';
import { forgeToken, type TokenPart } from '../../libs/testing/src/minting.js';
import { createTestKey, type TestKey } from '../../libs/testing/src/test-key.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corpusFiles, isMissing, needed } from '../support/corpus.js';
import { GuardedRoute } from './guarded-route.js';
import { reported, Tally, type Verdict } from './report.js';

type Part = 'header' | 'payload';
const PARTS: readonly Part[] = ['header', 'payload'];
const FILES = 318;
/** Longer tokens do not fit into the headers that Node accepts. */
const MAX_TOKEN_BYTES = 12_000;

describe.skipIf(isMissing('jsontestsuite'))(`JSONTestSuite over HTTP (${needed('jsontestsuite')})`, () => {
  let key: TestKey;
  let route: GuardedRoute;
  beforeAll(async () => {
    key = await createTestKey('ES256');
    route = await GuardedRoute.start({ jwks: [key.publicJwk], auth: { maxTokenBytes: MAX_TOKEN_BYTES } });
  });
  afterAll(() => route[Symbol.asyncDispose]());
  const good = (part: Part): object =>
    part === 'header' ? { alg: 'ES256', kid: key.kid, typ: 'at+jwt' } : route.issuer.claims();
  const tokenWith = (part: Part, bytes: TokenPart): string =>
    forgeToken({ header: { ...good('header') }, payload: { ...good('payload') }, key, [part]: bytes });
  const rows: string[][] = [];

  const verdictOf = async (token: string): Promise<Verdict> => {
    // Nothing but spaces, and so on, is still a token of three parts.
    const { status, calls } = await route.send(
      token.length > MAX_TOKEN_BYTES ? `${token.slice(0, MAX_TOKEN_BYTES)}A` : token,
    );
    expect([status, calls]).toEqual(status === 200 ? [200, 1] : [401, 0]);
    return status === 200 ? 'accept' : 'refuse';
  };

  it.each(PARTS)('refuses every file in place of the %s', async (part) => {
    const tally = new Tally();
    for (const [name, bytes] of corpusFiles('jsontestsuite/test_parsing')) {
      tally.add(name, await verdictOf(tokenWith(part, bytes)), 'refuse');
    }
    expect(tally.wrong).toEqual([]);
    expect(tally.ran).toBe(FILES);
    rows.push(tally.row(`in place of the ${part}`));
    expect(await verdictOf(tokenWith(part, { ...good(part) }))).toBe('accept');
  });

  it.each(PARTS)(
    'accepts the valid files and refuses the invalid ones, as a member of the %s',
    async (part) => {
      const tally = new Tally();
      for (const [name, bytes] of corpusFiles('jsontestsuite/test_parsing')) {
        const start = `${JSON.stringify(good(part)).slice(0, -1)},"member":`;
        const document = Buffer.concat([Buffer.from(start), bytes, Buffer.from('}')]);
        const expected = name.startsWith('y_') ? 'accept' : name.startsWith('n_') ? 'refuse' : 'either';
        tally.add(name, await verdictOf(tokenWith(part, document)), expected);
      }
      expect(tally.wrong).toEqual([]);
      expect(tally.ran).toBe(FILES);
      rows.push(tally.row(`as a member of the ${part}`));
    },
  );

  it('is reported in docs/evidence/conformance.md', () => {
    expect(reported('json', rows)).toEqual(rows);
  });
});
