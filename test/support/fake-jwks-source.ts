import { generateKeyPairSync } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { JwksFetchError } from '../../src/http/jwks-fetch.error.js';
import type { JwksAnswer, JwksSource } from '../../src/keys/source/http-source.js';

/** A public ES256 key as a member of a JWK Set. */
export function publicJwk(kid: string): object {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
}

/** An issuer without a network: it answers with `keys`, or as it is told. */
export class FakeJwksSource implements JwksSource {
  status: 200 | 304 = 200;
  headers: IncomingHttpHeaders = {};
  /** What each question fails with. */
  error: JwksFetchError | undefined;
  /** While true, questions are taken and not answered until `answer` is called. */
  holds = false;
  /** Called for each question before it is answered. */
  onAsk: (() => void) | undefined;
  /** How often it was asked. */
  asked = 0;
  /** Of the last question. */
  signal: AbortSignal | undefined;
  accepted: JwksAnswer | undefined;
  private held: (() => void)[] = [];

  constructor(public keys: readonly unknown[]) {}

  async fetch(accepted: JwksAnswer | undefined, signal: AbortSignal): Promise<JwksAnswer> {
    this.asked += 1;
    this.signal = signal;
    this.accepted = accepted;
    this.onAsk?.();
    // What it says is what it knew when it was asked, however late it says it.
    const { keys, error, headers, status } = this;
    if (this.holds) await new Promise<void>((resolve) => this.held.push(resolve));
    if (error !== undefined) throw error;
    return { status, headers, keys, jwksUri: 'https://issuer.test/jwks' };
  }

  /** Answers the questions that are held, and holds no more. */
  answer(): void {
    this.holds = false;
    for (const resolve of this.held.splice(0)) resolve();
  }

  /** Fails from now on, with this status. */
  failWith(status: number, retryAfterMs?: number): void {
    this.error = new JwksFetchError('http_status', { status, retryAfterMs, message: `answered ${status}` });
  }
}
