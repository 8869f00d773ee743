import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ALGORITHMS } from './algorithms.js';
import { importKeySet } from './key-set.js';
import { importVerificationKey } from './verification-key.js';

const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const jwk = pair.publicKey.export({ format: 'jwk' });
const all = [...ALGORITHMS.keys()];
const refused = (reason: string) => expect.objectContaining({ name: 'UnusableKeyError', reason });

describe('a member of a JWK that says nothing', () => {
  it.each([
    ...['d', 'p', 'oth', 'use', 'key_ops', 'alg', 'kid', 'x5c', 'x5t', 'priv'].map(
      (name) => [name, null] as const,
    ),
    ['oth', []],
    ['key_ops', []],
    ['x5c', []],
    ['use', ''],
    ['alg', ''],
    ['kid', ''],
    ['d', ''],
  ] as const)('is absent: %s: %j', (name, value) => {
    const key = importVerificationKey({ ...jwk, [name]: value }, all);
    expect([key.kid, key.algorithms.length]).toEqual([undefined, 6]);
  });

  it('is not a private half, which still is one', () => {
    const { d } = pair.privateKey.export({ format: 'jwk' });
    expect(() => importVerificationKey({ ...jwk, d }, all)).toThrow(refused('private_material'));
  });
});

describe('expensive keys', () => {
  it('are left out above 8192 bits and from an exponent of 2^32 on', () => {
    const n = (bits: number) => Buffer.alloc(bits / 8, 0xab).toString('base64url');
    for (const changes of [{ n: n(8_200) }, { n: n(16_384) }, { e: 'AQAAAAE' }])
      expect(() => importVerificationKey({ ...jwk, ...changes }, all)).toThrow(refused('too_weak'));
    expect(importVerificationKey({ ...jwk, n: n(8_192) }, all).signatureBytes).toBe(1_024);
  });

  it('are at most three for one kid', () => {
    const keys = Array.from({ length: 5 }, () => ({
      ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
      kid: 'twin',
    }));
    expect(importKeySet(keys, all).keySet.candidates('twin', 'ES256')).toHaveLength(3);
  });
});

describe('the certificate of a key', () => {
  const certificate = Buffer.from('a certificate');
  const thumbprint = createHash('sha1').update(certificate).digest('base64url');
  const other = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ format: 'jwk' });

  it.each([
    ['x5t', { x5t: thumbprint }, `x5t:${thumbprint}`],
    ['x5t#S256', { 'x5t#S256': 'abc' }, 'x5t#S256:abc'],
    ['x5c', { x5c: [certificate.toString('base64')] }, `x5t:${thumbprint}`],
  ])('names it by %s', (_, members, name) => {
    const { keySet } = importKeySet(
      [
        { ...jwk, ...members },
        { ...other, x5t: 'other' },
      ],
      all,
    );
    expect(keySet.candidates(name, 'RS256')).toEqual([keySet.keys[0]]);
    expect(keySet.candidates('x5t:unknown', 'RS256')).toBeUndefined();
  });

  it('names nothing where the issuer publishes none: then the only key that fits counts', () => {
    const { keySet } = importKeySet([jwk], all);
    expect(keySet.candidates('x5t:any', 'RS256')).toEqual(keySet.keys);
    expect(importKeySet([jwk, other], all).keySet.candidates('x5t:any', 'RS256')).toEqual([]);
  });
});
