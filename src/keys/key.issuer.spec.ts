import { describe, expect, it } from 'vitest';
import { publicJwk } from '../../test/support/fake-jwks.source.js';
import { FakeRing } from '../../test/support/fake-ring.js';

const HOME = '11111111-2222-3333-4444-555555555555';
const OTHER = '9188040d-6c67-4c5b-b112-36a304b66dad';
const v2 = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`;

/** What a token of `tokenIssuer` gets under a key whose JWK has this `issuer` member. */
async function verdict(tokenIssuer: string, keyIssuer: unknown): Promise<string> {
  const fake = new FakeRing({ tokenIssuer });
  fake.source.keys = [...fake.source.keys, { ...publicJwk('tenant'), issuer: keyIssuer }];
  await fake.ring.start();
  expect(await fake.ask('known')).toBe('ok');
  return fake.ask('tenant');
}

describe('a key that names an issuer', () => {
  it.each([
    ['itself', v2(HOME), v2(HOME)],
    ['a template for every tenant', v2(HOME), v2('{tenantid}')],
    ['its tenant by the version 2 name, for version 1 tokens', `https://sts.windows.net/${HOME}/`, v2(HOME)],
    ['something that is no string', v2(HOME), 7],
  ])('verifies tokens of the issuer when it names %s', async (_, tokenIssuer, keyIssuer) => {
    expect(await verdict(tokenIssuer, keyIssuer)).toBe('ok');
  });

  it.each([
    ['another tenant', v2(HOME), v2(OTHER)],
    ['another tenant, for version 1 tokens', `https://sts.windows.net/${HOME}/`, v2(OTHER)],
    ['another issuer', 'https://issuer.test', 'https://other.test'],
  ])('does not when it names %s', async (_, tokenIssuer, keyIssuer) => {
    expect(await verdict(tokenIssuer, keyIssuer)).toBe('unknown_key');
  });
});
