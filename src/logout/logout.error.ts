/** Why a logout token is refused. Closed, so that it can be logged and counted. */
export const LOGOUT_REFUSALS = {
  malformed_request: 'The request must be a form with one logout_token, of at most 8192 bytes',
  malformed_token: 'The logout token is not a signed JWT',
  unsupported_algorithm: 'The algorithm of the logout token is not accepted',
  wrong_type: 'The typ of the logout token is not logout+jwt',
  unknown_issuer: 'The issuer of the logout token is not accepted',
  wrong_audience: 'The logout token is meant for another client',
  missing_event: 'The events of the logout token do not hold the back-channel logout event',
  nonce: 'The logout token holds a nonce',
  invalid_claim: 'A claim of the logout token is missing or malformed',
  missing_subject: 'The logout token names neither sub nor sid',
  expired: 'The logout token expired',
  not_recent: 'The logout token was not issued within the last two minutes',
  replayed: 'The logout token was received before',
  bad_signature: 'The signature of the logout token could not be verified',
  logout_failed: 'The logout failed',
  too_many: 'Too many logout tokens were received',
  keys_unavailable: 'The keys of the issuer are unavailable',
} as const;

/** One of {@link LOGOUT_REFUSALS}. */
export type LogoutRefusal = keyof typeof LOGOUT_REFUSALS;

/** A logout token that is refused; the message is for people and holds nothing of the token. */
export class LogoutError extends Error {
  override readonly name = 'LogoutError';

  /** @param retryAfterMs how long to wait before the token is sent again, with `too_many` and `keys_unavailable` */
  constructor(
    readonly reason: LogoutRefusal,
    readonly retryAfterMs?: number,
  ) {
    super(LOGOUT_REFUSALS[reason]);
  }

  /** The kind of failure on spans. */
  get code(): LogoutRefusal {
    return this.reason;
  }

  /** True when the token was checked and is not good. */
  get isRefusal(): boolean {
    return !this.isTemporary && this.reason !== 'logout_failed';
  }

  /** True where the token may be good. */
  get isTemporary(): boolean {
    return this.reason === 'too_many' || this.reason === 'keys_unavailable';
  }
}
