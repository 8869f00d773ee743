import type { VerificationKey } from '../jwk/verification-key.js';
import type { UncheckedClaims } from './access-token.js';
import { ownValue } from './claim-path.js';

const TEMPLATE = '{tenantid}';

/**
 * True when a key may sign for the token's issuer, as far as the key itself names it. Those of Microsoft Entra ID do, in a
 * member `issuer`: one set serves many tenants, and a key that belongs to one of them must not sign for another. The
 * member always has the form of the v2.0 issuer, while `iss` may have that of v1.0, so the tenants are compared: the
 * first segment of each path. Where the key is for every tenant (`{tenantid}`), the token's `tid` takes its place: without
 * one, the key may not sign.
 */
export function signsForIssuer({ issuer }: VerificationKey, claims: UncheckedClaims): boolean {
  if (issuer === undefined) return true;
  const iss = ownValue(claims, 'iss');
  const named = tenantOf(issuer);
  if (named !== TEMPLATE) return issuer === iss || (named !== undefined && named === tenantOf(iss));
  const tid = ownValue(claims, 'tid');
  return typeof tid === 'string' && tid !== TEMPLATE && tid === tenantOf(iss);
}

const tenantOf = (issuer: unknown): string | undefined =>
  /^https?:\/\/[^/]+\/([^/]+)/.exec(String(issuer))?.[1];
