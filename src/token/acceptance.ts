/** Which tokens are accepted in one place, where that differs from everywhere else. */
export interface Acceptance {
  /**
   * The audiences of which `aud` must name one (RFC 7519 §4.1.3); undefined: those of the issuer, and no further audience.
   * An issuer's tokens are accepted for audiences of its own and for further ones alone.
   */
  readonly audiences?: readonly string[] | undefined;
  /** The issuers that are accepted; undefined: all that are configured. */
  readonly issuers?: readonly string[] | undefined;
}
