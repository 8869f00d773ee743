import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { importVerificationKey } from './verification-key.js';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = publicKey.export({ format: 'jwk' });
const modulus = Buffer.from(jwk.n ?? '', 'base64url');
const rsa = (n: string) => ({ ...jwk, n, kid: 'a' });

it('an RSA key in plain base64, padded, is the same key', () => {
  const plain = importVerificationKey(rsa(modulus.toString('base64')), ['RS256']);
  const proper = importVerificationKey(rsa(modulus.toString('base64url')), ['RS256']);
  expect(plain.thumbprint).toBe(proper.thumbprint);
  expect(plain.keyObject.equals(publicKey)).toBe(true);
});

it.each(['', '=', 'a b', `${modulus.toString('base64')}=`, `-${modulus.toString('base64')}`, '€'])(
  'a modulus %j is refused',
  (n) => {
    expect(() => importVerificationKey(rsa(n), ['RS256'])).toThrow('unusable key: invalid_material');
  },
);
