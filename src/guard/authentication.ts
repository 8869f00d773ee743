import type { VerificationInfo, VerifiedToken } from '../token/access-token.js';

/** The outcome of authenticating a request. */
export interface Authentication {
  /** The token, when it passed. */
  readonly verified?: VerifiedToken;
  /** The application's user, when there is one. */
  readonly user?: unknown;
  /** Why there is none: an AuthError, or what the application's hooks threw. */
  readonly error?: unknown;
  readonly info: VerificationInfo;
  /** Checks the token again after something was waited for, as `AccessTokenVerifier.recheck` does. */
  readonly recheck?: () => Promise<void>;
}
