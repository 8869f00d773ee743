import { AuthError } from '../../src/common/auth.error.js';
import type { KeyRingEvent } from '../../src/keys/key-ring-events.js';
import { KeyRing, type KeyRingDeps } from '../../src/keys/key-ring.js';
import { FakeClock } from './fake-clock.js';
import { FakeJwksSource, publicJwk } from './fake-jwks-source.js';

const KNOWN = publicJwk('known');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** When a refresh is due by default: 0.8 of 10 minutes, since chance always says 0.5. */
export const REFRESH_AFTER = 8 * MINUTE;
/** So long that no scheduled refresh comes in between. */
export const QUIET = { lifetime: { maxAgeMs: 24 * HOUR, staleForMs: 24 * HOUR } };

/** A key ring with a clock and an issuer that do as they are told. */
export class FakeRing {
  readonly clock = new FakeClock();
  readonly source = new FakeJwksSource([KNOWN]);
  readonly events: KeyRingEvent[] = [];
  readonly ring: KeyRing;

  constructor(changes: Partial<KeyRingDeps> = {}) {
    this.ring = new KeyRing({
      issuer: 'https://issuer.test',
      source: this.source,
      clock: this.clock,
      random: () => 0.5,
      onEvent: (event) => this.events.push(event),
      algorithms: ['ES256'],
      lifetime: { maxAgeMs: undefined, staleForMs: 24 * HOUR },
      timeoutMs: 5_000,
      deniedKids: [],
      jwksRequestsPerMinute: 6,
      mayPark: false,
      ...changes,
    });
  }

  /** A ring that has its first keys. */
  static async started(changes: Partial<KeyRingDeps> = {}): Promise<FakeRing> {
    const fake = new FakeRing(changes);
    await fake.ring.start();
    return fake;
  }

  get state(): string {
    return this.ring.status.state;
  }

  /** What a token under this kid gets: `ok`, or the code of the refusal. Time stands still meanwhile. */
  async ask(kid: string): Promise<string> {
    return this.ring.getKeys(kid, 'ES256').then(
      (keys) => (keys.length > 0 ? 'ok' : 'no key fits'),
      (error: unknown) => (error as AuthError).code,
    );
  }

  /** The refusal of a token under this kid. */
  async refusalOf(kid: string): Promise<AuthError> {
    return this.ring.getKeys(kid, 'ES256').then(
      () => Promise.reject(new Error('was not refused')),
      (error: unknown) => error as AuthError,
    );
  }

  /** Runs while time passes, asking for a new made-up kid every `everyMs`. */
  async flood(forMs: number, everyMs = 10): Promise<Record<string, number>> {
    const answers: Record<string, number> = {};
    for (let passed = 0; passed < forMs; passed += everyMs) {
      const answer = this.ask(`made up ${this.clock.now()}`);
      void answer.then((code) => (answers[code] = (answers[code] ?? 0) + 1));
      await this.clock.advance(everyMs);
    }
    return answers;
  }
}
