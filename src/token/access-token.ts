import type { VerificationKey } from '../jwk/verification-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Acceptance } from './acceptance.js';

/** A JOSE header (RFC 7515 §4) whose shape has been checked. */
export interface JoseHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
  readonly [member: string]: unknown;
}

/** The members of a claims set (RFC 7519 §4) before anything in them has been checked. */
export type UncheckedClaims = Readonly<Record<string, unknown>>;

/** The claims of a verified access token (RFC 7519 §4.1, RFC 9068 §2.2): deep-frozen, shared between requests. */
export interface AccessTokenClaims {
  readonly iss: string;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly aud?: string | readonly string[];
  readonly sub?: string;
  readonly client_id?: string;
  readonly nbf?: number;
  readonly iat?: number;
  readonly jti?: string;
  readonly scope?: string;
  readonly [claim: string]: unknown;
}

/** A token that passed every check; deep-frozen. */
export interface VerifiedToken {
  readonly claims: AccessTokenClaims;
  readonly header: JoseHeader;
  /** The configured issuer. */
  readonly issuer: string;
}

/** Whether a verified token was revoked. */
export interface RevocationCheck {
  /** Called for every verification, also of a cached token; synchronous. */
  isRevoked(token: VerifiedToken): boolean;
}

/** A verified token, and the key it depends on. */
export interface CachedToken {
  readonly verified: VerifiedToken;
  readonly ring: KeyRing;
  readonly key: VerificationKey;
  /** Of the ring, when the key was last seen to be in use. */
  generation: number;
}

/**
 * Where a token came from, and what a verification reports beside its result: for the trace, also when it fails, and for
 * `recheck`.
 */
export interface VerificationInfo {
  /** The request that carries the token, for the option `issuerFor`. */
  readonly request?: unknown;
  /** Which tokens are accepted here; undefined: those that are accepted everywhere. */
  readonly acceptance?: Acceptance | undefined;
  /** The configured issuer that the token names. */
  issuer?: string;
  /** True when the token was in the token cache. */
  cached?: boolean;
  /** What passed, with its key; in no trace. */
  token?: CachedToken;
}
