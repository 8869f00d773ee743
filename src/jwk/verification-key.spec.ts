import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { ALGORITHMS } from './algorithms.js';
import { importVerificationKey } from './verification-key.js';

const jwkOf = (type: string, options: object = {}): Record<string, unknown> =>
  generateKeyPairSync(type as 'rsa', options as { modulusLength: number }).publicKey.export({
    format: 'jwk',
  });
const rsa = jwkOf('rsa', { modulusLength: 2_048 });
const ec = jwkOf('ec', { namedCurve: 'P-256' });
const okp = jwkOf('ed25519');
const akp = jwkOf('ml-dsa-44');
const all = [...ALGORITHMS.keys()];
const namesOf = (jwk: object, allowed = all): string[] =>
  importVerificationKey(jwk, allowed).algorithms.map(({ name }) => name);
const refused = (reason: string) => expect.objectContaining({ name: 'UnusableKeyError', reason });

describe('importVerificationKey', () => {
  it('assigns a key without alg every algorithm that fits its type and curve, and is allowed', () => {
    expect(namesOf(rsa)).toEqual(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
    expect(namesOf(rsa, ['PS256', 'ES256'])).toEqual(['PS256']);
    expect(namesOf(ec)).toEqual(['ES256']);
    expect(namesOf(okp)).toEqual(['EdDSA', 'Ed25519']);
  });

  it('pins a key with alg to that one, and refuses it when that is not allowed or does not fit', () => {
    expect(namesOf({ ...rsa, alg: 'RS512' })).toEqual(['RS512']);
    for (const alg of ['RSA-OAEP', 'ES256', 'rs256', 1]) {
      expect(() => importVerificationKey({ ...rsa, alg }, all)).toThrow(refused('algorithm_mismatch'));
    }
    expect(() => importVerificationKey({ ...rsa, alg: 'RS512' }, ['RS256'])).toThrow(
      refused('algorithm_mismatch'),
    );
  });

  it.each([rsa, ec, okp, akp])('has the RFC 7638 thumbprint of $kty keys', async (jwk) => {
    const { thumbprint } = importVerificationKey({ ...jwk, kid: 'any', use: 'sig' }, all);
    expect(thumbprint).toBe(await calculateJwkThumbprint(jwk as { kty: string }));
  });

  it.each([
    [rsa, 256],
    [jwkOf('rsa', { modulusLength: 3_072 }), 384],
    [ec, 64],
    [jwkOf('ec', { namedCurve: 'P-521' }), 132],
    [okp, 64],
    [akp, 2_420],
  ])('has the length of a signature', (jwk, bytes) => {
    expect(importVerificationKey(jwk, all).signatureBytes).toBe(bytes);
  });

  it('needs the alg of an AKP key, and none of its private half', () => {
    expect(namesOf(akp)).toEqual(['ML-DSA-44']);
    const { alg: _, ...nameless } = akp;
    expect(() => importVerificationKey(nameless, all)).toThrow(refused('invalid_material'));
    expect(() => importVerificationKey({ ...akp, priv: 'AAAA' }, all)).toThrow(refused('private_material'));
    expect(() => importVerificationKey({ ...akp, alg: 'ML-DSA-65' }, all)).toThrow(
      refused('invalid_material'),
    );
    expect(() => importVerificationKey(akp, ['ES256'])).toThrow(refused('algorithm_mismatch'));
  });

  it('takes numbers in canonical base64url only', () => {
    const { x } = okp as { x: string };
    // Two of the 43 · 6 bits stand for nothing.
    const stray = x.slice(0, -1) + String.fromCharCode(x.charCodeAt(42) + 1);
    for (const other of [`${x}=`, ` ${x}`, stray, `${x}A`, '', 1, undefined]) {
      expect(() => importVerificationKey({ ...okp, x: other }, all)).toThrow(refused('invalid_material'));
    }
  });

  it('refuses what is no point of Ed25519, and what is one of small order', () => {
    const at = (y: number): string => Buffer.concat([Buffer.of(y), Buffer.alloc(31)]).toString('base64url');
    expect(() => importVerificationKey({ ...okp, x: at(2) }, all)).toThrow(refused('invalid_material'));
    expect(() => importVerificationKey({ ...okp, x: at(1) }, all)).toThrow(refused('too_weak'));
  });

  it('refuses RSA keys that prove nothing, and takes the exponent 3', () => {
    const n = Buffer.from(rsa['n'] as string, 'base64url');
    n[255] = (n[255] ?? 0) - 1;
    const even = n.toString('base64url');
    const tiny = jwkOf('rsa', { modulusLength: 1_024 });
    for (const weak of [{ n: even }, { e: 'AQ' }, { e: 'Ag' }, { e: 'AQAA' }, { n: tiny['n'] }]) {
      expect(() => importVerificationKey({ ...rsa, ...weak }, all)).toThrow(refused('too_weak'));
    }
    expect(namesOf({ ...rsa, e: 'Aw' })).toContain('RS256');
  });

  it('refuses unknown curves and types', () => {
    expect(() => importVerificationKey(jwkOf('ed448'), all)).toThrow(refused('invalid_material'));
    expect(() => importVerificationKey(jwkOf('x25519'), all)).toThrow(refused('invalid_material'));
    expect(() => importVerificationKey({ ...ec, crv: '__proto__' }, all)).toThrow(
      refused('invalid_material'),
    );
    expect(() => importVerificationKey({ kty: 'constructor' }, all)).toThrow(refused('unknown_type'));
    expect(() => importVerificationKey({ kty: 'RSA', x5c: ['AAAA'] }, all)).toThrow(
      refused('invalid_material'),
    );
  });
});
