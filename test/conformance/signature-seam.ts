import { AuthError } from 'nestjs-jwks-auth';
import { ALGORITHMS } from '../../src/keys/algorithms.js';
import { importKeySet } from '../../src/keys/key-set.js';
import { parseJws } from '../../src/token/jws.js';
import { isSignedWith } from '../../src/token/signature.js';
import type { Verdict } from './report.js';

/** What is made of a JWS whose payload may be anything: parsed, its key imported and looked up, the signature checked. */
export function verdictAtSeam(token: string, jwks: readonly unknown[]): Verdict {
  try {
    const jws = parseJws(token);
    const { keySet } = importKeySet(jwks, [...ALGORITHMS.keys()]);
    const keys = keySet.candidates(jws.header.kid, jws.header.alg) ?? [];
    return keys.some((key) => isSignedWith(key, jws)) ? 'accept' : 'refuse';
  } catch (error) {
    if (error instanceof AuthError) return 'refuse';
    throw error;
  }
}
