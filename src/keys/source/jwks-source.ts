import type { IncomingHttpHeaders } from 'node:http';

/** A JWK Set as its issuer serves it. */
export interface JwksResponse {
  /** 304: the members are those of the response before. */
  readonly status: 200 | 304;
  /** Those that the next request or the age of the keys depends on. */
  readonly headers: IncomingHttpHeaders;
  /** The members of the set (RFC 7517 §5.1), not yet validated. */
  readonly keys: readonly unknown[];
  /** Where it is from. */
  readonly jwksUri: string;
}

/** Where a key ring gets its keys from. */
export interface JwksSource {
  /** What is being fetched, or was last: an error names it. */
  readonly address?: string | undefined;
  /**
   * Fetches the set once; conditionally where the last accepted response is passed.
   *
   * @param signal bounds all of it in time
   * @throws JwksFetchError
   */
  fetch(previous: JwksResponse | undefined, signal: AbortSignal): Promise<JwksResponse>;
}
