import { afterEach, describe, expect, it, vi } from 'vitest';
import { ISSUER } from '../../test/support/constants.js';

const ML_DSA = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'];

afterEach(() => {
  vi.doUnmock('node:crypto');
  vi.resetModules();
});

/** Loads a module under a Node.js whose OpenSSL has no ML-DSA. */
async function withoutMlDsa<T>(load: () => Promise<T>): Promise<T> {
  const crypto = await vi.importActual<typeof import('node:crypto')>('node:crypto');
  const createPublicKey = (input: { key?: { kty?: string } }) => {
    if (input.key?.kty === 'AKP') throw new TypeError('Unsupported JWK "kty" Parameter');
    return crypto.createPublicKey(input as never);
  };
  vi.resetModules();
  vi.doMock('node:crypto', () => ({ ...crypto, createPublicKey }));
  return load();
}

describe('ML-DSA', () => {
  it('is among the defaults where Node.js has it', async () => {
    const { DEFAULT_ALGORITHMS, UNAVAILABLE_ALGORITHMS } = await import('./algorithms.js');
    expect(DEFAULT_ALGORITHMS).toEqual(expect.arrayContaining(ML_DSA));
    expect(UNAVAILABLE_ALGORITHMS).toEqual([]);
  });

  it('is left out of the defaults where Node.js lacks it', async () => {
    const { ALGORITHMS, DEFAULT_ALGORITHMS, UNAVAILABLE_ALGORITHMS } = await withoutMlDsa(
      () => import('./algorithms.js'),
    );
    expect(UNAVAILABLE_ALGORITHMS).toEqual(ML_DSA);
    expect(DEFAULT_ALGORITHMS).toContain('ES256');
    expect([...ALGORITHMS.keys(), ...DEFAULT_ALGORITHMS]).not.toEqual(expect.arrayContaining(['ML-DSA-44']));
  });

  it('is a TypeError when the options name it and Node.js lacks it', async () => {
    const issuer = { issuer: ISSUER, audience: 'api', algorithms: ['ML-DSA-65'] };
    const lacking = await withoutMlDsa(() => import('../token/issuers/issuer-rules.js'));
    expect(() => lacking.resolveIssuer(issuer, '', false)).toThrow(
      /option "algorithms" holds "ML-DSA-65", which the OpenSSL of this Node\.js .* does not have/,
    );
    vi.doUnmock('node:crypto');
    vi.resetModules();
    const having = await import('../token/issuers/issuer-rules.js');
    expect(having.resolveIssuer(issuer, '', false).algorithms).toEqual(['ML-DSA-65']);
  });
});
