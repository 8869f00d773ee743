import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derSignature } from './der-signature.js';

// So many that short integers, and ones with a high first bit, are among them.
const CURVES = [
  { namedCurve: 'P-256', hash: 'sha256', half: 32, signatures: 600 },
  { namedCurve: 'secp256k1', hash: 'sha256', half: 32, signatures: 20 },
  { namedCurve: 'P-384', hash: 'sha384', half: 48, signatures: 20 },
  { namedCurve: 'P-521', hash: 'sha512', half: 66, signatures: 20 },
];

describe.each(CURVES)('$namedCurve', ({ namedCurve, hash, half, signatures }) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  const text = randomBytes(64);
  const signed = () => sign(hash, text, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const asJws = (signature: Buffer) =>
    verify(hash, text, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
  const asDer = (signature: Buffer) => verify(hash, text, publicKey, derSignature(signature));

  test('a signature is as valid in DER as it was', () => {
    for (let i = 0; i < signatures; i += 1) expect(asDer(signed())).toBe(true);
  });

  test('what is no signature is none in DER either', () => {
    const part = fc.oneof(
      fc.constant(Buffer.alloc(half)),
      fc.constant(Buffer.alloc(half, 0xff)),
      fc.uint8Array({ minLength: half, maxLength: half }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 0, max: half - 1 }).map((zeros) => Buffer.alloc(half, 0x80).fill(0, 0, zeros)),
    );
    const genuine = signed();
    const halves = fc.oneof(
      part,
      fc.constant(genuine.subarray(0, half)),
      fc.constant(genuine.subarray(half)),
    );
    fc.assert(
      fc.property(halves, halves, (r, s) => {
        const signature = Buffer.concat([r, s]);
        expect(asDer(signature)).toBe(asJws(signature));
      }),
    );
  });

  test('an INTEGER is as short as it can be, and never negative', () => {
    const short = Buffer.alloc(2 * half)
      .fill(0x81, half - 1, half)
      .fill(0x7f, 2 * half - 1);
    expect(derSignature(short)).toEqual(Buffer.from('30070202008102017f', 'hex'));
  });

  test('zero is an INTEGER too', () => {
    expect(derSignature(Buffer.alloc(2 * half))).toEqual(Buffer.from('3006020100020100', 'hex'));
  });
});

test('the longest signature has a long length', () => {
  const der = derSignature(Buffer.alloc(132, 0xff));
  expect(der.subarray(0, 6)).toEqual(Buffer.from('30818a0243ff', 'hex').fill(0, 5, 6));
  expect(der).toHaveLength(3 + 138);
});
