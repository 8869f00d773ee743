import type { KnownConnection } from '../guard/transports/connection.js';
import type { VerifiedToken } from '../token/access-token.js';

/** A token that was accepted for a connection. */
export interface Accepted {
  readonly token: string;
  readonly verified: VerifiedToken;
  readonly user: unknown;
}

/** The connection of one client: what it is authenticated with, and what its end needs. */
export class Connection implements KnownConnection {
  /** How many renewals are under way. */
  renewals = 0;
  /** Takes its planned end back. */
  takeBack: (() => void) | undefined;

  constructor(
    readonly httpRequest: unknown,
    /** Undefined for an anonymous client. */
    private accepted: Accepted | undefined,
  ) {}

  get token(): string | undefined {
    return this.accepted?.token;
  }

  get verified(): VerifiedToken | undefined {
    return this.accepted?.verified;
  }

  get user(): unknown {
    return this.accepted?.user;
  }

  renewWith(accepted: Accepted): void {
    this.accepted = accepted;
  }
}
