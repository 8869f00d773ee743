import { HttpException, HttpStatus, Logger } from '@nestjs/common';
import { AuthError } from '../common/auth.error.js';
import { answerContext } from '../guard/answer-context.js';
import { AuthException } from '../guard/auth.exception.js';
import type { ResolvedGuardOptions } from '../guard/guard.options.js';
import { wsRefusal } from '../guard/transports/ws.js';

/** Why a client got no connection. */
export interface ConnectionRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly message: string;
  /** The body of an HTTP response. */
  readonly body: object;
  /** What a client of socket.io receives as `err.data`. */
  readonly data: object;
}

const EVERY_HANDLER = { scope: undefined, acceptance: undefined };

/** An AuthError about a connection, which is to no handler yet. */
export const authExceptionOf = (error: AuthError, options: ResolvedGuardOptions): AuthException =>
  new AuthException(error, answerContext(EVERY_HANDLER, options));

/** What a client is answered that cannot be connected; what the application threw is answered as over HTTP. */
export function connectionRefusal(error: unknown, options: ResolvedGuardOptions): ConnectionRefusal {
  if (error instanceof AuthError) return ofAuthException(authExceptionOf(error, options));
  if (error instanceof AuthException) return ofAuthException(error);
  if (error instanceof HttpException) return ofHttpException(error);
  new Logger('WebSocketAuth').error(error);
  return ofHttpException(new HttpException('Internal server error', HttpStatus.INTERNAL_SERVER_ERROR));
}

function ofAuthException(exception: AuthException): ConnectionRefusal {
  const { headers, problem, message } = exception;
  const retryAfter = headers['retry-after'];
  const data = {
    ...wsRefusal(exception),
    ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
  };
  return { status: problem.status, headers, message, body: problem, data };
}

function ofHttpException(exception: HttpException): ConnectionRefusal {
  const status = exception.getStatus();
  const response = exception.getResponse();
  const body = typeof response === 'object' ? response : { statusCode: status, message: response };
  return { status, headers: {}, message: exception.message, body, data: { status: 'error', ...body } };
}
