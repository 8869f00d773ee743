import { generateKeyPairSync } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { JwksFetchError } from '../../src/http/jwks-fetch.error.js';
import type { JwksResponse, JwksSource } from '../../src/keys/source/jwks-source.js';
import { ISSUER } from './constants.js';

/** A public ES256 key as a member of a JWK Set. */
export function publicJwk(kid: string): object {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

/** An issuer without a network: it responds with `keys`, or as it is set to. */
export class ScriptedSource implements JwksSource {
  status: 200 | 304 = 200;
  headers: IncomingHttpHeaders = {};
  /** What each fetch fails with. */
  error: JwksFetchError | undefined;
  /** While true, fetches wait until `respond` is called. */
  holds = false;
  /** Called for each fetch before it gets a response. */
  onFetch: (() => void) | undefined;
  /** How many fetches there were. */
  fetches = 0;
  /** Of the last fetch. */
  signal: AbortSignal | undefined;
  previous: JwksResponse | undefined;
  private held: (() => void)[] = [];

  constructor(public keys: readonly unknown[]) {}

  async fetch(previous: JwksResponse | undefined, signal: AbortSignal): Promise<JwksResponse> {
    this.fetches += 1;
    this.signal = signal;
    this.previous = previous;
    this.onFetch?.();
    // The response holds what was published when the request came, however late it is sent.
    const { keys, error, headers, status } = this;
    if (this.holds) await new Promise<void>((resolve) => this.held.push(resolve));
    if (error !== undefined) throw error;
    return { status, headers, keys, jwksUri: `${ISSUER}/jwks` };
  }

  /** Responds to the fetches that wait, and holds no more. */
  respond(): void {
    this.holds = false;
    for (const resolve of this.held.splice(0)) resolve();
  }

  /** Fails from now on, with this status. */
  failWith(status: number, retryAfterMs?: number): void {
    const message = `status ${status}`;
    this.error = new JwksFetchError('http_status', { status, retryAfterMs, message });
  }
}
