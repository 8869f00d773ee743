import { Keyv } from 'keyv';
import type { KeyStore } from '../../src/keys/store/key-store.js';
import type { StoreSecrets } from '../../src/keys/store/sealed-entry.js';
import { createRevocations } from '../../src/revocation/create-revocations.js';
import type { Revocations } from '../../src/revocation/revocations.js';
import type { VerifiedToken } from '../../src/token/access-token.js';
import { DAY, ISSUER, SECOND, SECRET } from './constants.js';
import { ManualClock, settle } from './manual-clock.js';

export interface RevocationMember {
  readonly revocations: Revocations;
  readonly logged: string[];
  /** True when a token of these claims, issued 10 seconds ago, is refused. */
  isRevoked(claims: object): boolean;
}

/** Processes that share revocations through one store, with one clock. */
export class RevocationFleet {
  static readonly POLL = 2 * SECOND;
  readonly clock = new ManualClock();
  /** What the store holds, by name. */
  readonly entries = new Map<string, unknown>();
  /** How often an entry was read. */
  reads = 0;
  isDown = false;

  /** A process that has started. */
  async started(secret: StoreSecrets = [SECRET], keyv: KeyStore = this.keyv()): Promise<RevocationMember> {
    const { clock } = this;
    const logged: string[] = [];
    const log = (line: string) => void logged.push(line);
    const revocations = createRevocations(
      { keepMs: DAY, pollMs: RevocationFleet.POLL },
      { store: keyv, storeSecret: secret },
      { log, warn: log, error: log },
      clock,
    );
    await revocations.start();
    const isRevoked = (claims: object): boolean => {
      const now = clock.wallNow() / 1_000;
      const all = { iss: ISSUER, exp: now + 60, iat: now - 10, ...claims };
      const token: VerifiedToken = { issuer: ISSUER, header: { alg: 'ES256' }, claims: all };
      return revocations.isRevoked(token);
    };
    return { revocations, logged, isRevoked };
  }

  /** Lets a poll pass. */
  async poll(): Promise<void> {
    await this.clock.advance(RevocationFleet.POLL);
    for (let i = 0; i < 20; i += 1) await settle();
  }

  /** Changes the entries of a kind, as anybody can who can write the store. */
  tamper(kind: 'revoked' | 'revokers', change: (entry: string) => string): void {
    for (const [name, stored] of this.entries) {
      if (!name.startsWith(`nestjs-jwks-auth:${kind}:`)) continue;
      const { value, ...rest } = JSON.parse(String(stored)) as { value: string };
      this.entries.set(name, JSON.stringify({ ...rest, value: change(value) }));
    }
  }

  private keyv(): KeyStore {
    const keyv = new Keyv({ store: this.entries, useKeyPrefix: false });
    const failing = async () => {
      throw new Error('the store is down');
    };
    return {
      getRaw: (name) => {
        this.reads += 1;
        return this.isDown ? failing() : keyv.getRaw(name);
      },
      set: (name, value, ttl) => (this.isDown ? failing() : keyv.set(name, value, ttl)),
      on: (event, listener) => keyv.on(event, listener),
      off: (event, listener) => keyv.off(event, listener),
    };
  }
}
