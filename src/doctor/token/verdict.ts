import { AuthError } from '../../common/auth.error.js';
import type { KeySet } from '../../jwk/key-set.js';
import type { UncheckedClaims } from '../../token/access-token.js';
import { ownValue } from '../../token/claim-path.js';
import { checkAudience, checkClaims, checkTimes, checkType } from '../../token/claims.js';
import type { IssuerRules } from '../../token/issuers/issuer-rules.js';
import { parseClaims, parseJws } from '../../token/jws.js';
import { keyNameOf } from '../../token/key-name.js';
import { keysForToken, signerAmong } from '../../token/signature.js';
import type { ResolvedTokenOptions } from '../../token/token.options.js';

/** What a verdict depends on. */
export interface VerdictContext {
  readonly rules: IssuerRules;
  readonly options: ResolvedTokenOptions;
  /** Undefined where they could not be had. */
  readonly keySet: KeySet | undefined;
  readonly nowMs: number;
}

/**
 * What `AccessTokenVerifier` says of a token with these keys: the same checks, in the same order. Undefined when it is
 * accepted.
 */
export function verdictOn(token: string, context: VerdictContext): AuthError | undefined {
  try {
    verify(token, context);
    return undefined;
  } catch (error) {
    if (error instanceof AuthError) return error;
    throw error;
  }
}

function verify(token: string, { rules, options, keySet, nowMs }: VerdictContext): void {
  if (token.length > options.maxTokenBytes) throw new AuthError('token_too_large');
  const jws = parseJws(token);
  const claims: UncheckedClaims = parseClaims(jws);
  if (ownValue(claims, 'iss') !== rules.issuer) throw new AuthError('unknown_issuer');
  if (!rules.algorithms.includes(jws.header.alg)) throw new AuthError('unsupported_algorithm');
  checkType(jws.header, rules);
  checkAudience(claims, rules);
  checkTimes(claims, nowMs, options.clockToleranceMs);
  if (keySet === undefined) throw new AuthError('keys_unavailable');
  const found = keySet.candidates(keyNameOf(jws.header, { knows: (kid) => keySet.has(kid) }), jws.header.alg);
  if (found === undefined) throw new AuthError('unknown_key');
  signerAmong(keysForToken(found, jws.header, claims), jws);
  checkClaims(claims, rules, options);
}
