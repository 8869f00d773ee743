import { forgeToken, goodClaims, goodHeader } from '../../libs/testing/src/minting.js';
import { SIGNING_ALGORITHMS, type TestAlgorithm } from '../../libs/testing/src/signing-algorithm.js';
import { createTestKey, type TestKey } from '../../libs/testing/src/test-key.js';
import { expect, it } from 'vitest';
import { ISSUER } from '../../test/support/constants.js';
import { ALGORITHMS } from '../jwk/algorithms.js';
import { importVerificationKey } from '../jwk/verification-key.js';
import type { VerificationKey } from '../jwk/verification-key.js';
import { parseJws, type Jws } from './jws.js';
import { isSignedWith, isSignedWithInThreadPool } from './signature.js';
import { TOKEN_OPTION_DEFAULTS } from './token.options.js';

const CLAIMS = goodClaims({ issuer: ISSUER, audience: 'https://api.example' });
const NAMES = (Object.keys(SIGNING_ALGORITHMS) as TestAlgorithm[]).filter((name) => ALGORITHMS.has(name));
const imported = ({ publicJwk }: TestKey) => importVerificationKey(publicJwk, ALGORITHMS.keys());
/** The verdict on this thread, which must be that of the pool. */
async function verdict(key: VerificationKey, jws: Jws): Promise<boolean> {
  const isSigned = isSignedWith(key, jws);
  expect(await isSignedWithInThreadPool(key, jws)).toBe(isSigned);
  return isSigned;
}
const tokenBy = (key: TestKey, header: object = {}): string =>
  forgeToken({ header: { ...goodHeader(key), ...header }, payload: CLAIMS, key });

it.each(NAMES)('accepts a signature by %s, and no other for it', async (name) => {
  const [key, stranger] = await Promise.all([createTestKey(name), createTestKey(name)]);
  const jws = parseJws(tokenBy(key));
  const verificationKey = imported(key);
  expect(await verdict(verificationKey, jws)).toBe(true);
  expect(await verdict(imported(stranger), jws)).toBe(false);
  const { signature, signingInput } = jws;
  const spoilt = [
    signature.subarray(0, -1),
    Buffer.concat([signature, Buffer.alloc(1)]),
    Buffer.alloc(signature.length),
    Buffer.alloc(0),
  ];
  for (const other of spoilt)
    expect(await verdict(verificationKey, { ...jws, signature: other })).toBe(false);
  const tampered = Buffer.concat([signingInput, Buffer.of(65)]);
  expect(await verdict(verificationKey, { ...jws, signingInput: tampered })).toBe(false);
});

it('refuses a PSS signature whose leading zero was left out', async () => {
  const key = await createTestKey('PS256');
  const verificationKey = imported(key);
  let jws = parseJws(tokenBy(key));
  // One signature in 256 begins with a zero.
  while (jws.signature[0] !== 0) jws = parseJws(tokenBy(key));
  expect(await verdict(verificationKey, jws)).toBe(true);
  expect(await verdict(verificationKey, { ...jws, signature: jws.signature.subarray(1) })).toBe(false);
});

it('refuses a header that names another algorithm than the key', async () => {
  const key = await createTestKey('RS256');
  for (const alg of ['RS512', 'PS256', 'ES256', 'none', 'HS256']) {
    expect(await verdict(imported(key), parseJws(tokenBy(key, { alg })))).toBe(false);
  }
});

it.runIf(ALGORITHMS.has('ML-DSA-87'))('leaves room for claims in a token signed with ML-DSA-87', async () => {
  const token = tokenBy(await createTestKey('ML-DSA-87'));
  expect(token.length).toBeLessThan(TOKEN_OPTION_DEFAULTS.maxTokenBytes - 1_000);
});
