import { Logger } from '@nestjs/common';
import { debuglog } from 'node:util';
import { AuthError, type AuthErrorCode } from '../common/auth.error.js';
import { systemClock, type Clock } from '../common/clock.js';
import { doctorCommand } from '../common/doctor-command.js';
import { AuthException } from './auth.exception.js';
import type { Authentication } from './authentication.js';

const FIRST_MINUTE_MS = 60_000;

/** Where log lines go. */
export interface RefusalLogger {
  debug(message: string): void;
  warn(message: string): void;
}

/** What a refusal log depends on; replaced in tests. */
export interface RefusalLogOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: RefusalLogger;
  /** Writes a line of level debug for each refusal: on where NODE_DEBUG names `nestjs-jwks-auth`. */
  readonly isDebug: boolean;
}

/** The refusals so far, while all are for one reason. */
interface OneReason {
  readonly code: AuthErrorCode;
  readonly since: number;
  count: number;
}

/**
 * Log lines about refusals: one each where that is switched on, and one warning where every token of the first minute was
 * refused for one reason. Codes and names of claims alone, nothing of a token.
 */
export class RefusalLog {
  private reason: OneReason | undefined;
  private isSettled = false;
  private readonly options: RefusalLogOptions;

  constructor(options: Partial<RefusalLogOptions> = {}) {
    this.options = {
      clock: systemClock,
      logger: new Logger('AuthModule'),
      isDebug: debuglog('nestjs-jwks-auth').enabled,
      ...options,
    };
  }

  /**
   * Takes note of a decision, and returns it. Without anything to take note of it costs nothing.
   *
   * @param authenticate the outcome that it is based on
   */
  observe<T>(decided: Promise<T>, authenticate: () => Promise<Authentication>): Promise<T> {
    if (this.isSettled && !this.options.isDebug) return decided;
    decided
      .catch((thrown: unknown) => this.debug(thrown))
      .then(authenticate)
      .then(
        (authentication) => this.count(authentication),
        () => {},
      );
    return decided;
  }

  private debug(thrown: unknown): void {
    const error = thrown instanceof AuthException ? thrown.authError : thrown;
    if (!this.options.isDebug || !(error instanceof AuthError)) return;
    const claim = error.claim === undefined ? '' : ` claim=${error.claim}`;
    this.options.logger.debug(`refused: code=${error.code}${claim}`);
  }

  private count({ verified, error, info }: Authentication): void {
    if (this.isSettled) return;
    this.isSettled = verified !== undefined;
    if (!(error instanceof AuthError) || !error.isRefusal || error.code === 'missing_token') return;
    const now = this.options.clock.now();
    this.reason ??= { code: error.code, since: now, count: 0 };
    this.reason.count += 1;
    const { code, since, count } = this.reason;
    this.isSettled = code !== error.code || now - since >= FIRST_MINUTE_MS;
    if (!this.isSettled || code !== error.code) return;
    this.options.logger.warn(
      `every token so far, ${count} in ${Math.round((now - since) / 1_000)} s, was refused with ${code}; the cause is named by: ${doctorCommand(info.issuer, '--audience <audience>', '--token -')}`,
    );
  }
}
