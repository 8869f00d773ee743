import type { JsonWebKey } from 'node:crypto';
import { readCorpus } from '../support/corpus.js';
import type { Verdict } from './report.js';

/** One case of Wycheproof. */
export interface WycheproofCase {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string;
  readonly result: 'valid' | 'invalid';
  readonly flags: readonly string[];
}

/** Cases under one key, or one key set. */
export interface WycheproofGroup<Key> {
  readonly comment: string;
  readonly public?: Key;
  readonly private: Key;
  readonly tests: readonly WycheproofCase[];
}

type Jwk = JsonWebKey & { readonly kid?: string; readonly alg?: string };

export const jwsGroups = (): readonly WycheproofGroup<Jwk>[] =>
  readCorpus<{ testGroups: WycheproofGroup<Jwk>[] }>('wycheproof/json_web_signature_test.json').testGroups;

export const jwkGroups = (): readonly WycheproofGroup<{ keys: Jwk[] }>[] =>
  readCorpus<{ testGroups: WycheproofGroup<{ keys: Jwk[] }>[] }>('wycheproof/json_web_key_test.json')
    .testGroups;

/** The key names another algorithm than the header, or one that does not exist (ES521). */
const MISLABELLED = [346, 347, 350, 351];
/** Characters that do not belong into base64url, which some decoders skip. */
const AMBIGUOUS_JWS = [372, 373];
/** Sets of public and symmetric keys, and sets with a kid twice: refused whole, or key by key. */
const AMBIGUOUS_JWK = [1, 4];

/** What a case must come to here, where symmetric keys are never accepted. */
export function expectedOfJws({ tcId, result }: WycheproofCase, isSymmetric: boolean): Verdict | 'either' {
  if (AMBIGUOUS_JWS.includes(tcId)) return 'either';
  return result === 'valid' && !isSymmetric && !MISLABELLED.includes(tcId) ? 'accept' : 'refuse';
}

export function expectedOfJwk({ tcId, result }: WycheproofCase, isSymmetric: boolean): Verdict | 'either' {
  if (AMBIGUOUS_JWK.includes(tcId)) return 'either';
  return result === 'valid' && !isSymmetric ? 'accept' : 'refuse';
}
