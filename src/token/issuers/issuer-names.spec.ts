import { describe, expect, it } from 'vitest';
import type { IssuerOptions } from '../token.options.js';
import { resolveDynamicIssuers } from './dynamic-issuers.js';
import { resolveIssuer } from './issuer-rules.js';

const jwksUri = 'https://keys.example/jwks';
const audience = 'api';
const resolve = (options: object): string =>
  resolveIssuer({ audience, ...options } as IssuerOptions, '', false).issuer;

const NAMES = [
  'accounts.google.com',
  'urn:example:issuer',
  'spiffe://trust.example',
  'did:web:issuer.example',
  'http://fs.example/adfs/services/trust',
  'https://issuer.example/path?tenant=1#x',
  'Acme Corp',
  'ünïcode',
];

describe('an issuer is a name where jwksUri says where its keys are:', () => {
  it.each(NAMES)('%s', (issuer) => {
    expect(resolve({ issuer, jwksUri })).toBe(issuer);
    expect(() => resolve({ issuer })).toThrow(/option "issuer" must (be an https URL|have no query)/);
  });

  it('a dynamic one as well', async () => {
    const dynamic = resolveDynamicIssuers(
      { allow: () => true, resolve: (issuer) => ({ issuer, jwksUri }) },
      { audience },
      false,
    );
    for (const issuer of NAMES) expect(await dynamic.resolve(issuer)).toMatchObject({ issuer });
  });

  it.each([
    ['an empty one', '', 'non-empty'],
    ['none', undefined, 'non-empty'],
    ['no string', 7, 'non-empty'],
    ['two lines', 'two\nlines', 'control'],
    ['a change of direction', 'right\u202eto left', 'control'],
    ['a line separator', 'line\u2028separator', 'control'],
    ['a URI with a space', 'urn:a b', 'spaces'],
    ['a URI with a NUL', 'urn:a\u0000', 'control'],
    ['a URI with a password', 'https://me:secret@issuer.example', 'credentials'],
    ['an address and a port', '10.0.0.1:8080', 'URI'],
    ['a colon', ':', 'URI'],
  ])('but not %s', (_, issuer, expected) => {
    expect(() => resolve({ issuer, jwksUri })).toThrow(new RegExp(`option "issuer" .*${expected}`));
  });

  it('while the address that is fetched has to be an https URL', () => {
    for (const wrong of ['http://keys.example/jwks', 'urn:keys', 'keys.example/jwks', ''])
      expect(() => resolve({ issuer: 'urn:issuer', jwksUri: wrong })).toThrow(
        'option "jwksUri" must be an https',
      );
  });
});

describe('an issuer is an https URL where its keys are discovered:', () => {
  it('https, and http on loopback', () => {
    for (const issuer of ['https://issuer.example/a/', 'http://127.0.0.1:1/'])
      expect(resolve({ issuer })).toBe(issuer);
  });
});
