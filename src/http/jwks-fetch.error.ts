/** Why the issuer's keys could not be fetched. Closed, so that it can be logged, traced and counted. */
export type JwksFetchFailure =
  | 'network'
  | 'timeout'
  | 'http_status'
  | 'redirect'
  | 'too_large'
  | 'not_json'
  | 'not_a_key_set'
  | 'no_usable_key'
  | 'discovery_mismatch'
  | 'discovery_invalid'
  | 'insecure_url'
  | 'forbidden_address'
  | 'aborted';

/** Data that goes with a {@link JwksFetchError}. */
export interface JwksFetchErrorDetails {
  /** A sentence for a person; never anything of the response body. */
  readonly message?: string;
  readonly status?: number | undefined;
  /** The `Retry-After` of the response, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A fetch of discovery metadata or of a JWK Set that failed. */
export class JwksFetchError extends Error {
  override readonly name = 'JwksFetchError';
  /** What kind of failure; the value of `error.type` on the span. */
  readonly code: JwksFetchFailure;
  /** Status of the response, if there was one. */
  readonly status: number | undefined;
  /** The issuer's `Retry-After`, in milliseconds from when the response arrived. */
  readonly retryAfterMs: number | undefined;

  constructor(code: JwksFetchFailure, details: JwksFetchErrorDetails = {}) {
    super(details.message ?? code, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** 429 and 503: the next request must wait (RFC 6585 §4, RFC 9110 §15.6.4). */
  get isThrottled(): boolean {
    return this.status === 429 || this.status === 503;
  }

  /** 404 and 410: the address is abandoned, discovery may have the new one. */
  get isGone(): boolean {
    return this.status === 404 || this.status === 410;
  }
}

/** This error, or a JwksFetchError `network` around it: what a source throws is always one of the closed list. */
export const asJwksFetchError = (error: unknown): JwksFetchError =>
  error instanceof JwksFetchError
    ? error
    : new JwksFetchError('network', { message: 'an unexpected error', cause: error });

/** The same error, with the address in its message. */
export const withAddress = (address: string, error: JwksFetchError): JwksFetchError =>
  new JwksFetchError(error.code, {
    message: `${address}: ${error.message}`,
    status: error.status,
    retryAfterMs: error.retryAfterMs,
    cause: error.cause,
  });
