import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isOnEdwards25519, isRocaModulus, isSmallOrderPoint } from './weak-keys.js';

const P = 2n ** 255n - 19n;
const encode = (y: bigint): Buffer =>
  Buffer.from(Buffer.from(y.toString(16).padStart(64, '0'), 'hex').toReversed());
const freshPoint = (): Buffer => {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
};

/** The points of order 8, as the literature prints them. */
const ORDER_8 = [
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
];

describe('isSmallOrderPoint', () => {
  it('detects every encoding of the eight points, with either sign, reduced or not', () => {
    const small = [0n, 1n, P - 1n, P, P + 1n].map(encode);
    const all = [...small, ...ORDER_8.map((hex) => Buffer.from(hex, 'hex'))];
    for (const point of all) {
      const other = Buffer.from(point);
      other[31] = (other[31] ?? 0) ^ 0x80;
      expect([point, other].map(isSmallOrderPoint)).toEqual([true, true]);
    }
  });

  it('passes ordinary keys', () => {
    for (let i = 0; i < 20; i += 1) expect(isSmallOrderPoint(freshPoint())).toBe(false);
  });
});

describe('isOnEdwards25519', () => {
  it('accepts every generated key', () => {
    for (let i = 0; i < 20; i += 1) expect(isOnEdwards25519(freshPoint())).toBe(true);
  });

  it('refuses what is no point, and a y that is not reduced', () => {
    expect(isOnEdwards25519(encode(2n))).toBe(false);
    // 4 / 5 is the base point, 3 is a point too; with P added, both would fit into 255 bits if they were smaller than 19.
    expect(isOnEdwards25519(encode(3n))).toBe(true);
    expect(isOnEdwards25519(encode(P + 3n))).toBe(false);
  });
});

describe('isRocaModulus', () => {
  it('detects a modulus of powers of 65537, and passes ordinary ones', () => {
    const primorial = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157].reduce(
      (product, prime) => product * BigInt(prime),
      1n,
    );
    expect(isRocaModulus(65537n ** 5n % primorial)).toBe(true);
    const { n = '' } = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({
      format: 'jwk',
    });
    expect(isRocaModulus(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`))).toBe(false);
  });
});
