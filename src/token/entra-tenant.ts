import type { VerificationKey } from '../jwk/verification-key.js';
import type { UncheckedClaims } from './access-token.js';

const TEMPLATE = '{tenantid}';

/**
 * True when a key may sign for the token's issuer, as far as the key itself says. Those of Microsoft Entra ID do, in a
 * member `issuer`: one set serves many tenants, and a key that belongs to one of them must not sign for another. The
 * member always has the form of the v2.0 issuer, while `iss` may have that of v1.0, so the tenants are compared: the
 * first segment of each path. Where the key is for every tenant (`{tenantid}`), the token's `tid` takes its place.
 */
export function signsForIssuer({ issuer }: VerificationKey, { iss, tid }: UncheckedClaims): boolean {
  if (issuer === undefined || issuer === iss) return true;
  const tenant = tenantOf(issuer);
  return tenant !== undefined && (tenant === TEMPLATE ? tid : tenant) === tenantOf(iss);
}

const tenantOf = (issuer: unknown): string | undefined =>
  /^https?:\/\/[^/]+\/([^/]+)/.exec(String(issuer))?.[1];
