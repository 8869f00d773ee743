import { createHash } from 'node:crypto';

/** What was revoked at an issuer: one token, the tokens of a session, or those that were issued until a time. */
export type Revocation =
  | { readonly kind: 'token'; readonly issuer: string; readonly jti: string; readonly revokedAt: number }
  | { readonly kind: 'session'; readonly issuer: string; readonly sid: string; readonly revokedAt: number }
  | {
      readonly kind: 'subject';
      readonly issuer: string;
      readonly sub: string;
      /** Milliseconds since 1970; a token whose `iat` is not later is refused, and one without `iat`. */
      readonly issuedBefore: number;
      readonly revokedAt: number;
    }
  | {
      /** More was revoked than is kept: every token that was issued until then is refused, and one without `iat`. */
      readonly kind: 'issuer';
      readonly issuer: string;
      /** Milliseconds since 1970. */
      readonly issuedBefore: number;
      readonly revokedAt: number;
    };

/** One that was requested; a watermark follows from these. */
export type RequestedRevocation = Exclude<Revocation, { kind: 'issuer' }>;

/** Longer identifiers are kept as a hash, so that an entry has a bounded size. */
const MAX_ID_LENGTH = 128;

/** What a token, session or subject goes by in a set. */
export function revocationKey(kind: RequestedRevocation['kind'], id: string): string {
  if (id.length <= MAX_ID_LENGTH) return `${kind}:${id}`;
  return `${kind}#${createHash('sha256').update(id).digest('base64url')}`;
}

/** The `jti`, `sid` or `sub`. */
export function revokedId(revocation: RequestedRevocation): string {
  if (revocation.kind === 'token') return revocation.jti;
  return revocation.kind === 'session' ? revocation.sid : revocation.sub;
}
