import { compactVerify, createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import type { BadTokenName } from './bad-tokens.js';
import type { TestAlgorithm } from './signing-algorithm.js';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';

/** What jose accepts and a stricter reader refuses. */
const LEFT_TO_THE_CALLER = new Set([
  'exp beyond all numbers',
  'issued in the future',
  'sub a number',
  'padded base64',
]);

/** Bad by their claims or their typ alone. */
const TRULY_SIGNED: BadTokenName[] = [
  'expired',
  'missing exp',
  'exp a string',
  'not yet valid',
  'issued in the future',
  'other issuer',
  'issuers in an array',
  'wrong audience',
  'missing audience',
  'audience in a nested array',
  'typ dpop+jwt',
  'sub a number',
  'payload an array',
  'payload half of the JSON',
];

const ALGORITHMS: TestAlgorithm[] = ['RS256', 'PS384', 'ES512', 'EdDSA'];

describe.each(ALGORITHMS)('the bad tokens of an issuer with %s', (algorithm) => {
  const keysOf = ({ keys }: TestIssuer) =>
    createLocalJWKSet({ keys: keys.map(({ publicJwk }) => publicJwk) });

  it('are refused by another library, unlike a good one', async () => {
    await using issuer = await startTestIssuer({ algorithm });
    const keys = keysOf(issuer);
    const { audience } = issuer;
    const rules = { issuer: issuer.issuer, audience, typ: 'at+jwt', requiredClaims: ['exp'] };
    for (const [name, token] of Object.entries(issuer.badTokens())) {
      if (LEFT_TO_THE_CALLER.has(name)) continue;
      await expect.soft(jwtVerify(token, keys, rules), name).rejects.toThrow(/./);
    }
    await expect(jwtVerify(issuer.token(), keys, rules)).resolves.toMatchObject({
      payload: { sub: 'user-1' },
    });
  });

  it('are bad for the one reason that they name: a bad claim is under a true signature', async () => {
    await using issuer = await startTestIssuer({ algorithm });
    const keys = keysOf(issuer);
    const bad = issuer.badTokens();
    for (const name of TRULY_SIGNED) {
      await expect.soft(compactVerify(bad[name], keys), name).resolves.toHaveProperty('payload');
    }
    await expect(compactVerify(bad['wrong key'], keys)).rejects.toThrow(/signature/);
  });
});

it('follow a rotation', async () => {
  await using issuer = await startTestIssuer();
  const key = await issuer.rotate({ algorithm: 'ES256' });
  const { expired, 'wrong key': wrongKey } = issuer.badTokens();
  const verified = await compactVerify(expired, key.publicKey);
  expect(verified.protectedHeader).toMatchObject({ alg: 'ES256', kid: key.kid });
  await expect(compactVerify(wrongKey, key.publicKey)).rejects.toThrow(/signature/);
});
