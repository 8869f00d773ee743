import { expect } from 'vitest';
import { forgeToken, goodClaims, goodHeader } from '../../libs/testing/src/minting.js';
import { createTestKey, type TestKey } from '../../libs/testing/src/test-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import type { KeyRings } from '../../src/keys/key-rings.js';
import { KEY_OPTION_DEFAULTS } from '../../src/keys/key.options.js';
import { FunctionJwksSource } from '../../src/keys/source/function-source.js';
import { AccessTokenVerifier } from '../../src/token/access-token-verifier.js';
import type { VerificationInfo } from '../../src/token/access-token.js';
import { resolveIssuer } from '../../src/token/issuers/issuer-rules.js';
import { resolveTokenOptions, type TokenOptions } from '../../src/token/token.options.js';
import { HOUR, ISSUER } from './constants.js';
import { ManualClock } from './manual-clock.js';

const RULES = { issuer: ISSUER, audience: 'https://api.example' };

/** An issuer with two keys, its ring, and a clock that stands still; no socket. */
export class VerifierScene {
  /** What the issuer responds with; undefined during an outage. */
  published: object[] | undefined;
  readonly clock = new ManualClock(Date.now());
  readonly ring: KeyRing;

  private constructor(
    readonly key: TestKey,
    readonly other: TestKey,
  ) {
    this.published = [key.publicJwk, other.publicJwk];
    this.ring = createKeyRing(
      RULES,
      new FunctionJwksSource('test', async () => this.published),
      { ...KEY_OPTION_DEFAULTS, maxAgeMs: HOUR, staleIfErrorMs: HOUR, timeoutMs: HOUR },
      { clock: this.clock, random: () => 0, onEvent: () => {} },
    );
  }

  static async create(): Promise<VerifierScene> {
    const [key, other] = await Promise.all([createTestKey('ES256'), createTestKey('ES256')]);
    const scene = new VerifierScene(key, other);
    await scene.ring.start();
    return scene;
  }

  verifierWith(options: TokenOptions = {}): AccessTokenVerifier {
    const rings = { get: () => this.ring } as unknown as KeyRings;
    const rules = [resolveIssuer(RULES, '', false)];
    return new AccessTokenVerifier(rules, resolveTokenOptions(options), rings, undefined, this.clock);
  }

  tokenFor(claims: object = {}, by = this.key): string {
    return forgeToken({ header: goodHeader(by), payload: { ...goodClaims(RULES), ...claims }, key: by });
  }

  inHours(hours: number): number {
    return (this.clock.wallNow() + hours * HOUR) / 1_000;
  }
}

/** Verifies, and returns whether the token was in the token cache. */
export async function isCached(verifier: AccessTokenVerifier, token: string): Promise<boolean | undefined> {
  const info: VerificationInfo = {};
  await verifier.verify(token, info);
  return info.cached;
}

/** The AuthError with this code. */
export const refused = (code: string): unknown => expect.objectContaining({ name: 'AuthError', code });
