import { expect } from 'vitest';
import { forgeToken, goodClaims, goodHeader } from '../../libs/testing/src/minting.js';
import { createTestKey, type TestKey } from '../../libs/testing/src/test-key.js';
import { DEFAULT_ALGORITHMS } from '../../src/jwk/algorithms.js';
import { FunctionJwksSource } from '../../src/keys/source/function-source.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import type { KeyRings } from '../../src/keys/key-rings.js';
import { AccessTokenVerifier, type VerificationNotes } from '../../src/token/access-token-verifier.js';
import { resolveIssuer } from '../../src/token/issuers/issuer-rules.js';
import { resolveTokenOptions, type TokenOptions } from '../../src/token/token.options.js';

const ISSUER = { issuer: 'https://issuer.example', audience: 'https://api.example' };
export const HOUR_MS = 3_600_000;

/** An issuer with two keys, its ring, and a clock that stands still; no socket. */
export class VerifierScene {
  /** What the issuer answers; undefined when it is away. */
  published: object[] | undefined;
  nowMs = Date.now();
  readonly ring: KeyRing;

  private constructor(
    readonly key: TestKey,
    readonly other: TestKey,
  ) {
    this.published = [key.publicJwk, other.publicJwk];
    this.ring = new KeyRing({
      issuer: ISSUER.issuer,
      source: new FunctionJwksSource('test', async () => this.published),
      clock: { now: () => this.nowMs, wallNow: () => this.nowMs, after: () => () => {} },
      random: () => 0,
      onEvent: () => {},
      algorithms: DEFAULT_ALGORITHMS,
      lifetime: { maxAgeMs: HOUR_MS, staleForMs: HOUR_MS },
      timeoutMs: HOUR_MS,
      deniedKids: [],
      jwksRequestsPerMinute: 6,
      mayPark: false,
    });
  }

  static async create(): Promise<VerifierScene> {
    const [key, other] = await Promise.all([createTestKey('ES256'), createTestKey('ES256')]);
    const scene = new VerifierScene(key, other);
    await scene.ring.start();
    return scene;
  }

  verifierWith(options: TokenOptions = {}): AccessTokenVerifier {
    return new AccessTokenVerifier(
      [resolveIssuer(ISSUER, '', false)],
      resolveTokenOptions(options),
      { get: () => this.ring } as unknown as KeyRings,
      undefined,
      { wallNow: () => this.nowMs },
    );
  }

  tokenFor(claims: object = {}, by = this.key): string {
    return forgeToken({ header: goodHeader(by), payload: { ...goodClaims(ISSUER), ...claims }, key: by });
  }

  inHours(hours: number): number {
    return (this.nowMs + hours * HOUR_MS) / 1_000;
  }
}

/** Verifies, and tells whether the token was remembered. */
export async function remembers(verifier: AccessTokenVerifier, token: string): Promise<boolean | undefined> {
  const notes: VerificationNotes = {};
  await verifier.verify(token, notes);
  return notes.remembered;
}

/** The AuthError with this code. */
export const refused = (code: string): unknown => expect.objectContaining({ name: 'AuthError', code });
