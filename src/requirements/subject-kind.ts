import { checkNoPromise } from '../common/option-checks.js';
import type { AccessTokenClaims } from '../token/access-token.js';
import { ownValue } from '../token/claim-path.js';

/** Whom a token speaks for: a person, or the client itself (RFC 6749 §4.4). */
export type SubjectKind = 'user' | 'client';

/** Returns whom a token speaks for. */
export type SubjectKindOf = (claims: AccessTokenClaims) => SubjectKind;

/** How providers name the client that a token was issued to: RFC 8693 §4.3, OpenID Connect Core §2, Okta. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid'];

/**
 * A client: without `sub`, or where that is the client (RFC 9068 §2.2); `gty` (Auth0), `idtyp` (Microsoft Entra ID) or the
 * name of a service account (Keycloak) marks it. Any other is a user.
 */
export function defaultSubjectKind(claims: AccessTokenClaims): SubjectKind {
  const sub = ownValue(claims, 'sub');
  const gty = ownValue(claims, 'gty');
  const name = ownValue(claims, 'preferred_username');
  const isClient =
    sub === undefined ||
    CLIENT_CLAIMS.some((claim) => ownValue(claims, claim) === sub) ||
    (Array.isArray(gty) ? gty : [gty]).includes('client-credentials') ||
    ownValue(claims, 'idtyp') === 'app' ||
    (typeof name === 'string' && name.startsWith('service-account-'));
  return isClient ? 'client' : 'user';
}

/** The application's own function, whose result is checked: anything but one of the two is a TypeError. */
export const checkedSubjectKind =
  (given: SubjectKindOf): SubjectKindOf =>
  (claims) => {
    const kind: unknown = given(claims);
    checkNoPromise('subjectKind', kind, 'must return its result, not a promise');
    if (kind === 'user' || kind === 'client') return kind;
    throw new TypeError(`nestjs-jwks-auth: option "subjectKind" must return 'user' or 'client'`);
  };
