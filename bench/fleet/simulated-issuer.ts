import { generateKeyPairSync } from 'node:crypto';
import type { JwksResponse, JwksSource } from '../../src/keys/source/jwks-source.js';
import { JwksFetchError } from '../../src/http/jwks-fetch.error.js';
import { FetchTally } from './fetch-tally.js';
import type { ManualClock } from '../../test/support/manual-clock.js';

export const ISSUER = 'https://issuer.example/';
const JWKS_URI = `${ISSUER}jwks`;
/** How long a response takes: a random time between these, in milliseconds. */
const LATENCY_MS = [50, 150] as const;
/** The `max-age` of its keys. */
export const MAX_AGE_MS = 600_000;

/** An issuer without a network: it takes its time, rotates keys, fails on demand, and responds with 304 when nothing has changed. */
export class SimulatedIssuer implements JwksSource {
  readonly tally = new FetchTally();
  /** Refuses connections. */
  isDown = false;
  private rotations = 0;
  private keys: readonly object[] = [];

  constructor(
    private readonly clock: ManualClock,
    private readonly random: () => number,
  ) {
    this.rotate();
  }

  /** The key id that tokens are signed under now. */
  get kid(): string {
    return `key-${this.rotations}`;
  }

  /** Signs with a new key from now on; the last one before it stays published. */
  rotate(): void {
    this.rotations += 1;
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = { ...publicKey.export({ format: 'jwk' }), kid: this.kid, alg: 'ES256', use: 'sig' };
    this.keys = [key, ...this.keys.slice(0, 1)];
  }

  async fetch(previous: JwksResponse | undefined): Promise<JwksResponse> {
    this.tally.record(this.clock.now());
    const [least, most] = LATENCY_MS;
    await new Promise<void>((resolve) => {
      this.clock.after(least + this.random() * (most - least), resolve);
    });
    if (this.isDown) throw new JwksFetchError('network', { message: 'ECONNREFUSED' });
    const headers = { etag: `"${this.rotations}"`, 'cache-control': `max-age=${MAX_AGE_MS / 1_000}` };
    const isUnchanged = previous?.headers.etag === headers.etag;
    return isUnchanged
      ? { status: 304, headers, keys: previous.keys, jwksUri: JWKS_URI }
      : { status: 200, headers, keys: this.keys, jwksUri: JWKS_URI };
  }
}
