/**
 * Why a request was refused, or could not be verified. One closed list serves {@link AuthError.code}, the
 * `code` of the problem body, and the span attribute `jwt.rejection.reason`.
 */
export const AUTH_ERROR_CODES = [
  'missing_token',
  'malformed_request',
  'multiple_tokens',
  'token_too_large',
  'malformed_token',
  'encrypted_token',
  'unsupported_algorithm',
  'unsupported_critical',
  'wrong_type',
  'unknown_issuer',
  'missing_audience',
  'wrong_audience',
  'expired',
  'not_yet_valid',
  'invalid_claim',
  'sender_constrained',
  'unknown_key',
  'bad_signature',
  'revoked',
  'user_rejected',
  'insufficient_user_authentication',
  'insufficient_scope',
  'insufficient_permission',
  'insufficient_role',
  'insufficient_claims',
  'wrong_subject_kind',
  'forbidden_by_policy',
  'keys_unavailable',
] as const;

/** One of {@link AUTH_ERROR_CODES}. */
export type AuthErrorCode = (typeof AUTH_ERROR_CODES)[number];

/**
 * The message of each code: fixed, so that nothing of a token can ever be in it, and within the characters that
 * RFC 6750 §3 allows in an `error_description`.
 */
const MESSAGES: Record<AuthErrorCode, string> = {
  missing_token: 'The request carries no bearer token',
  malformed_request: 'The bearer credentials are malformed',
  multiple_tokens: 'The request carries more than one access token',
  token_too_large: 'The access token is too large',
  malformed_token: 'The access token is malformed',
  encrypted_token: 'The access token is encrypted, which is not supported',
  unsupported_algorithm: 'The algorithm of the access token is not accepted',
  unsupported_critical: 'The access token requires an extension that is not supported',
  wrong_type: 'The token is not an access token',
  unknown_issuer: 'The issuer of the access token is not accepted',
  missing_audience: 'The access token names no audience',
  wrong_audience: 'The access token is meant for another audience',
  expired: 'The access token expired',
  not_yet_valid: 'The access token is not valid yet',
  invalid_claim: 'A claim of the access token is missing or not acceptable',
  sender_constrained: 'The access token is bound to a key whose proof is not checked here',
  unknown_key: 'The signature of the access token could not be verified',
  bad_signature: 'The signature of the access token could not be verified',
  revoked: 'The access token was revoked',
  user_rejected: 'The access token belongs to no accepted user',
  insufficient_user_authentication: 'The user must authenticate again, or in a stronger way',
  insufficient_scope: 'The access token lacks a scope that is needed here',
  insufficient_permission: 'The access token lacks a permission that is needed here',
  insufficient_role: 'The access token lacks a role that is needed here',
  insufficient_claims: 'The claims of the access token are not those that are needed here',
  wrong_subject_kind: 'The access token belongs to a user where a client is needed, or the other way round',
  forbidden_by_policy: 'A policy forbids this request',
  keys_unavailable: 'The access token cannot be verified now because the keys of its issuer are unavailable',
};

/** What a token lacks for a route, or for the tenant of a request. */
export type RequirementKind =
  | 'issuer'
  | 'tenant'
  | 'audience'
  | 'subject_kind'
  | 'authentication'
  | 'scope'
  | 'message_scope'
  | 'permission'
  | 'role'
  | 'claims'
  | 'policy';

/** Data that goes with an {@link AuthError}; none of it is taken from a token. */
export interface AuthErrorDetails {
  /** The name of the claim that was refused, with `invalid_claim`, and with `wrong_type` where a claim shows the kind. */
  readonly claim?: string | undefined;
  /** What is not met of the requirements of the route, or of the tenant; for traces. */
  readonly requirement?: RequirementKind | undefined;
  /** The scopes that are needed, separated by spaces, where they differ from those that the route declares. */
  readonly scope?: string | undefined;
  /** The authentication contexts of which one is needed (RFC 9470 §3), with `insufficient_user_authentication`. */
  readonly acrValues?: readonly string[] | undefined;
  /** How long ago the user may have authenticated, in milliseconds, with `insufficient_user_authentication`. */
  readonly maxAgeMs?: number | undefined;
  /** When to try again, in milliseconds from now, with `keys_unavailable`. */
  readonly retryAfterMs?: number | undefined;
  /** The error underneath, kept for logs. */
  readonly cause?: unknown;
}

/**
 * The only error that token verification throws. `code` is stable; the message is for people and holds nothing
 * of the token.
 */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  /** Why: one of {@link AUTH_ERROR_CODES}. */
  readonly code: AuthErrorCode;
  /** The name of the claim that was refused, with `invalid_claim`, and with `wrong_type` where a claim shows the kind. */
  readonly claim: string | undefined;
  /** What is not met of the requirements of the route, or of the tenant. */
  readonly requirement: RequirementKind | undefined;
  /** The scopes that are needed, separated by spaces, where they differ from those that the route declares. */
  readonly scope: string | undefined;
  /** The authentication contexts of which one is needed (RFC 9470 §3), with `insufficient_user_authentication`. */
  readonly acrValues: readonly string[] | undefined;
  /** How long ago the user may have authenticated, in milliseconds, with `insufficient_user_authentication`. */
  readonly maxAgeMs: number | undefined;
  /** When to try again, in milliseconds from now, with `keys_unavailable`. */
  readonly retryAfterMs: number | undefined;

  constructor(code: AuthErrorCode, details: AuthErrorDetails = {}) {
    super(MESSAGES[code], details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.claim = details.claim;
    this.requirement = details.requirement;
    this.scope = details.scope;
    this.acrValues = details.acrValues;
    this.maxAgeMs = details.maxAgeMs;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** True when the token was verified and refused; false when it could not be verified at all. */
  get isRefusal(): boolean {
    return this.code !== 'keys_unavailable';
  }
}
