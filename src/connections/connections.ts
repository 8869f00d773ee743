import { Logger } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { AuthError } from '../common/auth.error.js';
import { systemClock, type Clock } from '../common/clock.js';
import type { Authenticator, Credentialed } from '../guard/authenticator.js';
import type { ResolvedGuardOptions } from '../guard/guard.options.js';
import type { HttpRequest } from '../guard/transports/bearer-token.js';
import { tokenOf } from '../guard/transports/transports.js';
import { wsRefusal, type WsRefusal } from '../guard/transports/ws.js';
import type { Revocations } from '../revocation/revocations.js';
import type { AccessTokenVerifier } from '../token/access-token-verifier.js';
import type { Acceptance } from '../token/acceptance.js';
import type { VerifiedToken } from '../token/access-token.js';
import { authExceptionOf, connectionRefusal, type ConnectionRefusal } from './connection-refusal.js';
import { Connection } from './connection.js';
import { ExpirySchedule } from './expiry-schedule.js';
import { HandshakeContext } from './handshake-context.js';

/** Whether a client without a token is connected. */
export type ConnectionMode = 'require' | 'optional';

/** The request of a client for a connection. */
export interface Handshake {
  /** The socket of socket.io or, for ws, the request for the upgrade: what `tokenFrom` and `validate` receive. */
  readonly opener: object;
  readonly httpRequest: unknown;
  /** @throws AuthError `missing_token`, `malformed_request` or `multiple_tokens` */
  readonly takeToken: () => string;
}

/** Ends the connection of a client, and says why, in the words of its library. */
export type Disconnect = (refusal: WsRefusal) => void;

/** So many connections are checked before others have a turn. */
const CHECKED_AT_ONCE = 500;

/** The connections of an application: who is admitted, and until when. */
export class Connections {
  private readonly open = new Map<Connection, Disconnect>();
  private readonly schedule: ExpirySchedule;
  private isCheckPlanned = false;
  private revocations: Pick<Revocations, 'isRevoked'> | undefined;
  /** What a message is for is not known yet: its handler says which of the audiences it accepts. */
  private readonly acceptance: Acceptance | undefined;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly verifier: AccessTokenVerifier,
    private readonly options: ResolvedGuardOptions,
    private readonly clockToleranceMs: number,
    private readonly clock: Clock = systemClock,
  ) {
    this.schedule = new ExpirySchedule(clock);
    const { furtherAudiences, known } = options;
    this.acceptance = furtherAudiences.length === 0 ? undefined : { audiences: known.audiences };
  }

  /** How many clients are connected, and how many of their ends are planned. */
  get size(): { readonly open: number; readonly planned: number } {
    return { open: this.open.size, planned: this.schedule.size };
  }

  /**
   * Authenticates a client that connects, in one span.
   *
   * @throws AuthError, and what the application throws
   */
  admit({ opener, httpRequest, takeToken }: Handshake, mode: ConnectionMode): Promise<Connection> {
    const tokenFrom = this.options.transports.tokenFrom.get('ws');
    let token = '';
    const take = () =>
      (token = tokenFrom === undefined ? takeToken() : tokenOf(new HandshakeContext(opener), tokenFrom));
    return this.authenticator.authenticate(
      this.credentialed(opener, httpRequest, take),
      ({ verified, user, error }) => {
        if (verified !== undefined && error === undefined)
          return new Connection(httpRequest, { token, verified, user });
        if (mode === 'optional' && error instanceof AuthError && error.code === 'missing_token')
          return new Connection(httpRequest, undefined);
        throw error;
      },
    );
  }

  /** What a client is answered that was not admitted. */
  refusalOf(error: unknown): ConnectionRefusal {
    return connectionRefusal(error, this.options);
  }

  /** Keeps an admitted client until its token ends, or {@link remove}. */
  add(connection: Connection, disconnect: Disconnect): void {
    this.open.set(connection, disconnect);
    this.plan(connection);
    // Middleware of the application may have been waited for since the client was admitted.
    this.endIfRevoked(connection);
  }

  /** Drops a client that has disconnected. */
  remove(connection: Connection): void {
    this.open.delete(connection);
    connection.takeBack?.();
    connection.takeBack = undefined;
  }

  /**
   * Replaces the token of a connection with a newer one of the same issuer and subject.
   *
   * @throws AuthError
   */
  async renew(connection: Connection, client: object, token: string): Promise<VerifiedToken> {
    const { verified: before, httpRequest } = connection;
    if (before === undefined) throw new AuthError('user_rejected');
    // A connection whose token has ended waits for what was under way by then, not for one attempt after the other.
    const isInTime = this.clock.wallNow() < this.endOf(before);
    if (isInTime) connection.renewals += 1;
    try {
      return await this.authenticator.authenticate(
        this.credentialed(client, httpRequest, () => token),
        ({ verified, user, error }) => {
          if (verified === undefined || error !== undefined) throw error;
          if (!isOfSameSubject(before, verified)) throw new AuthError('user_rejected');
          connection.renewWith({ token, verified, user });
          return verified;
        },
      );
    } finally {
      if (isInTime) connection.renewals -= 1;
      if (this.open.has(connection)) this.plan(connection);
    }
  }

  /** Verifies the tokens of all connections anew, and ends those whose token is refused now. */
  async recheckAll(concerns: (token: VerifiedToken) => boolean): Promise<void> {
    let checked = 0;
    for (const connection of this.open.keys()) {
      const { token, verified } = connection;
      if (token === undefined || verified === undefined || !concerns(verified)) continue;
      const error = await this.refused(connection, token);
      if (error !== undefined && connection.token === token) this.end(connection, error);
      checked += 1;
      if (checked % CHECKED_AT_ONCE === 0) await setImmediate();
    }
  }

  /** Ends the connections whose tokens are revoked from now on; many revocations at once are one check. */
  watch(revocations: Pick<Revocations, 'onChange' | 'isRevoked'>): void {
    this.revocations = revocations;
    revocations.onChange(() => {
      if (this.isCheckPlanned) return;
      this.isCheckPlanned = true;
      void setImmediate().then(() => {
        this.isCheckPlanned = false;
        return this.endRevoked();
      });
    });
  }

  private async endRevoked(): Promise<void> {
    let checked = 0;
    for (const connection of this.open.keys()) {
      this.endIfRevoked(connection);
      checked += 1;
      if (checked % CHECKED_AT_ONCE === 0) await setImmediate();
    }
  }

  /** Needs no key: an issuer that is away keeps no revoked client connected. */
  private endIfRevoked(connection: Connection): void {
    const { verified } = connection;
    if (verified !== undefined && this.revocations?.isRevoked(verified) === true)
      this.end(connection, new AuthError('revoked'));
  }

  private credentialed(carrier: object, httpRequest: unknown, takeToken: () => string): Credentialed {
    const { acceptance } = this;
    return { request: carrier as HttpRequest, key: {}, transport: 'ws', httpRequest, acceptance, takeToken };
  }

  /** Why the token is refused now; undefined as well where that cannot be known, and each message is checked. */
  private async refused({ httpRequest }: Connection, token: string): Promise<AuthError | undefined> {
    try {
      await this.verifier.verify(token, { request: httpRequest, acceptance: this.acceptance });
    } catch (error) {
      const isRefusal = error instanceof AuthError && error.isRefusal;
      const mayStay = isRefusal && error.code === 'expired' && this.options.transports.atExpiry === 'refuse';
      if (isRefusal && !mayStay) return error;
    }
    return undefined;
  }

  private plan(connection: Connection): void {
    connection.takeBack?.();
    connection.takeBack = undefined;
    const { verified } = connection;
    if (verified === undefined || this.options.transports.atExpiry === 'refuse') return;
    connection.takeBack = this.schedule.add(this.endOf(verified), () => this.expire(connection));
  }

  private endOf({ claims }: VerifiedToken): number {
    return claims.exp * 1_000 + this.clockToleranceMs;
  }

  private expire(connection: Connection): void {
    // Planned anew when the renewal is through, for whatever token it has then.
    if (connection.renewals === 0) this.end(connection, new AuthError('expired'));
  }

  private end(connection: Connection, error: AuthError): void {
    const disconnect = this.open.get(connection);
    this.remove(connection);
    const exception = authExceptionOf(error, this.options);
    try {
      disconnect?.(wsRefusal(exception));
    } catch (thrown) {
      new Logger('WebSocketAuth').error(thrown);
    }
  }
}

function isOfSameSubject({ claims: before }: VerifiedToken, { claims }: VerifiedToken): boolean {
  return claims.sub !== undefined && claims.iss === before.iss && claims.sub === before.sub;
}
