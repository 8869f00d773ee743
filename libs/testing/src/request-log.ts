import type { IncomingHttpHeaders } from 'node:http';

/** One request that reached the issuer. */
export interface RequestLogEntry {
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** When it arrived, in milliseconds since 1970. */
  readonly at: number;
}

/** What a request asks for. */
export type RequestTarget = 'jwks' | 'discovery';

/** Counts what reached the issuer, whatever was answered. */
export class RequestLog {
  private readonly entries: RequestLogEntry[] = [];
  private readonly counts = { jwks: 0, discovery: 0 };

  /** Requests for the key set. */
  get jwks(): number {
    return this.counts.jwks;
  }

  /** Requests for a discovery document, of either kind. */
  get discovery(): number {
    return this.counts.discovery;
  }

  /** Every request, in the order of arrival. */
  get log(): readonly RequestLogEntry[] {
    return this.entries;
  }

  /** Starts counting anew. */
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
