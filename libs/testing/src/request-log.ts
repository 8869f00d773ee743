import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** One request that the issuer received. */
export interface RequestLogEntry {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What a test issuer was asked for. */
export class RequestLog {
  private entries: RequestLogEntry[] = [];

  constructor(private readonly jwksPath: string) {}

  /** Every request, in order. */
  get log(): readonly RequestLogEntry[] {
    return this.entries;
  }

  /** How often the key set was asked for. */
  get jwks(): number {
    return this.entries.filter(({ path }) => path === this.jwksPath).length;
  }

  /** How often discovery was asked for. */
  get discovery(): number {
    return this.entries.filter(({ path }) => path.includes('/.well-known/')).length;
  }

  /** Forgets all requests. */
  reset(): void {
    this.entries = [];
  }

  add({ url = '/', headers }: IncomingMessage): void {
    this.entries.push({ path: url, headers, at: Date.now() });
  }
}
