import type { ExecutionContext } from '@nestjs/common';
import type { Acceptance } from '../../token/acceptance.js';
import type { TransportName } from '../../telemetry/names.js';
import type { AuthException } from '../auth.exception.js';
import type { HttpRequest } from './bearer-token.js';
import type { ResolvedTransports } from './transport.options.js';

/** One way in which handlers are called. Each has a file beside this one. */
export interface Transport {
  /** What traces and metrics show. */
  readonly name: TransportName;
  /** Reads a call, without its token; undefined when there is nothing that could carry a user. */
  read(context: ExecutionContext): Call | undefined;
  /**
   * A refusal in the words of this transport: what the guard throws. Puts the headers on the response, where there is
   * one within reach.
   */
  refusalOf(exception: AuthException, context: ExecutionContext, options: ResolvedTransports): unknown;
}

/** One call of a handler. */
export interface Call {
  /** What `user` is set on, `@CurrentUser` reads it from, and `validate` receives. Never anything that a client sent. */
  readonly carrier: HttpRequest;
  /** Lives as long as what is authenticated once: an HTTP request, or one message on a connection. */
  readonly key: object;
  /** The HTTP request that the call is, or that opened its connection, for the option `issuerFor`. */
  readonly httpRequest?: unknown;
  /** Which tokens the route accepted that the call came through, where the call names none itself. */
  readonly acceptance?: Acceptance | undefined;
  /**
   * Takes the token; undefined: from the carrier, as over HTTP.
   *
   * @throws AuthError `missing_token`, `malformed_request` or `multiple_tokens`
   */
  readonly takeToken?: (() => string) | undefined;
  /** True when the connection was authenticated: its token counts, and `tokenFrom` has been called for it. */
  readonly isTokenTaken?: boolean;
}
