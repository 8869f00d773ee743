import { AuthError } from 'nestjs-jwks-auth';
import { ALGORITHMS } from '../../src/jwk/algorithms.js';
import { importKeySet } from '../../src/jwk/key-set.js';
import { parseJws } from '../../src/token/jws.js';
import { isSignedWith, isSignedWithInThreadPool } from '../../src/token/signature.js';
import type { Verdict } from './report.js';

/**
 * What is made of a JWS whose payload may be anything: parsed, its key imported and looked up, the signature checked.
 *
 * @throws Error when the verdict of the thread pool differs from that of this thread
 */
export async function verdictAtSeam(token: string, jwks: readonly unknown[]): Promise<Verdict> {
  try {
    const jws = parseJws(token);
    const { keySet } = importKeySet(jwks, [...ALGORITHMS.keys()]);
    const keys = keySet.candidates(jws.header.kid, jws.header.alg) ?? [];
    const verdicts = keys.map((key) => isSignedWith(key, jws));
    const inThreadPool = await Promise.all(keys.map((key) => isSignedWithInThreadPool(key, jws)));
    if (inThreadPool.some((verdict, index) => verdict !== verdicts[index]))
      throw new Error('the thread pool is of another opinion');
    return verdicts.includes(true) ? 'accept' : 'refuse';
  } catch (error) {
    if (error instanceof AuthError) return 'refuse';
    throw error;
  }
}
