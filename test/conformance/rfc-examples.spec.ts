import { AccessTokenVerifier, KeyRings } from 'nestjs-jwks-auth';
import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, it } from 'vitest';
import { createTestKey } from '../../libs/testing/src/test-key.js';
import { forgeToken } from '../../libs/testing/src/minting.js';
import { resolveKeyOptions } from '../../src/keys/key.options.js';
import { resolveIssuer } from '../../src/token/issuers/issuer-rules.js';
import { resolveTokenOptions } from '../../src/token/token.options.js';
import { reported } from './report.js';
import { RFC_9068_EXAMPLE, RFC_EXAMPLES } from './rfc-examples.js';
import { verdictAtSeam } from './signature-seam.js';

it.each(RFC_EXAMPLES)('$section, $what: $expected', async ({ token, key, expected }) => {
  expect(await verdictAtSeam(token, [key])).toBe(expected);
});

it('accepts the access token of RFC 9068 §2.3 by its profile, while it is valid', async () => {
  const { header, claims } = RFC_9068_EXAMPLE;
  const key = await createTestKey('RS256', header.kid);
  const token = forgeToken({ header, payload: claims, key });
  await using issuer = await startTestIssuer();
  issuer.publish({ keys: [key.publicJwk] });
  const rules = resolveIssuer(
    { issuer: claims.iss, audience: claims.aud, jwksUri: issuer.jwksUri, tokenType: 'at+jwt' },
    '',
    false,
  );
  const keyRings = new KeyRings([rules], resolveKeyOptions({}), () => {});
  let nowS: number = claims.iat;
  const clock = { wallNow: () => nowS * 1_000 };
  const verifier = new AccessTokenVerifier([rules], resolveTokenOptions({}), keyRings, undefined, clock);
  await expect(verifier.verify(token)).resolves.toMatchObject({ claims, header });
  nowS = claims.exp + 5;
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'expired' });
  keyRings.close();
});

it('is reported in docs/evidence/conformance.md', async () => {
  const verdicts = await Promise.all(RFC_EXAMPLES.map(({ token, key }) => verdictAtSeam(token, [key])));
  const rows = RFC_EXAMPLES.map(({ section, what }, index) => [
    section,
    what,
    verdicts[index] === 'accept' ? 'accepted' : 'refused',
  ]);
  rows.push(['RFC 9068 2.3', 'the access token', 'accepted until its exp']);
  expect(reported('rfc-examples', rows)).toEqual(rows);
});
