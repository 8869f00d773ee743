import type { AuthError } from '../../src/common/auth.error.js';
import {
  createKeyRing,
  type KeyRingIssuer,
  type KeyRingOptions,
  type KeyRingRuntime,
} from '../../src/keys/create-key-ring.js';
import type { KeyRingEvent } from '../../src/keys/key-ring-events.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { KEY_OPTION_DEFAULTS } from '../../src/keys/key.options.js';
import { DAY, ISSUER, MINUTE } from './constants.js';
import { ManualClock } from './manual-clock.js';
import { publicJwk, ScriptedSource } from './scripted-source.js';

const KNOWN = publicJwk('known');
/** When a refresh is due by default: 0.8 of 10 minutes, since the random number is always 0.5. */
export const REFRESH_AFTER = 8 * MINUTE;
/** So long that no scheduled refresh comes in between. */
export const QUIET = { maxAgeMs: DAY };

/** What is different about a ring. */
export interface RingChanges
  extends Partial<KeyRingOptions>, Partial<KeyRingRuntime>, Pick<KeyRingIssuer, 'mayIdle'> {
  readonly clock?: ManualClock;
  readonly source?: ScriptedSource;
}

/** A key ring with a clock and an issuer of the test's. */
export class RingFixture {
  readonly clock: ManualClock;
  readonly source: ScriptedSource;
  readonly events: KeyRingEvent[] = [];
  readonly ring: KeyRing;

  constructor(changes: RingChanges = {}) {
    const { clock = new ManualClock(), source = new ScriptedSource([KNOWN]), mayIdle = false } = changes;
    this.clock = clock;
    this.source = source;
    this.ring = createKeyRing(
      { issuer: ISSUER, algorithms: ['ES256'], mayIdle },
      source,
      { ...KEY_OPTION_DEFAULTS, ...changes },
      { random: () => 0.5, onEvent: (event) => this.events.push(event), ...changes, clock },
    );
  }

  /** A ring that has its first keys. */
  static async started(changes: RingChanges = {}): Promise<RingFixture> {
    const fixture = new RingFixture(changes);
    await fixture.ring.start();
    return fixture;
  }

  get state(): string {
    return this.ring.status.state;
  }

  /** What a token under this kid gets: `ok`, or the code of the refusal. Time stands still meanwhile. */
  async verdict(kid: string): Promise<string> {
    try {
      const keys = await this.ring.lookUp(kid, 'ES256');
      return keys.length > 0 ? 'ok' : 'no key fits';
    } catch (error) {
      return (error as AuthError).code;
    }
  }

  /** The refusal of a token under this kid. */
  async refusalOf(kid: string): Promise<AuthError> {
    try {
      await this.ring.lookUp(kid, 'ES256');
    } catch (error) {
      return error as AuthError;
    }
    throw new Error('was not refused');
  }

  /** Lets time pass, with a token under a new made-up kid every `everyMs`. */
  async flood(forMs: number, everyMs = 10): Promise<Record<string, number>> {
    const verdicts: Record<string, number> = {};
    for (let passed = 0; passed < forMs; passed += everyMs) {
      const verdict = this.verdict(`made up ${this.clock.now()}`);
      void verdict.then((code) => (verdicts[code] = (verdicts[code] ?? 0) + 1));
      await this.clock.advance(everyMs);
    }
    return verdicts;
  }
}
