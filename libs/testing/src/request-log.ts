import type { IncomingHttpHeaders } from 'node:http';

/** One request that reached the issuer. */
export interface RequestLogEntry {
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Time of arrival, in milliseconds since 1970. */
  readonly at: number;
}

/** The document that is requested. */
export type RequestTarget = 'jwks' | 'discovery';

/** Counts the requests that reached the issuer, whatever the response. */
export class RequestLog {
  private readonly entries: RequestLogEntry[] = [];
  private readonly counts = { jwks: 0, discovery: 0 };

  /** The number of requests for the JWK Set. */
  get jwks(): number {
    return this.counts.jwks;
  }

  /** The number of requests for a discovery document, of either kind. */
  get discovery(): number {
    return this.counts.discovery;
  }

  /** All requests, in order of arrival. */
  get log(): readonly RequestLogEntry[] {
    return this.entries;
  }

  /** Clears the log and the counts. */
  reset(): void {
    this.entries.length = 0;
    this.counts.jwks = 0;
    this.counts.discovery = 0;
  }

  /** @internal */
  add(request: RequestLogEntry, target: RequestTarget | undefined): void {
    this.entries.push(request);
    if (target !== undefined) this.counts[target] += 1;
  }
}
