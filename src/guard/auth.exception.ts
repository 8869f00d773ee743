import { HttpException, HttpStatus } from '@nestjs/common';
import { AuthError, type AuthErrorCode } from '../common/auth.error.js';
import { formatRetryAfter } from '../http/cache-headers.js';
import { isQuotable, wwwAuthenticate, type ChallengeParameters } from './challenge.js';

/** The body of a refusal: problem details (RFC 9457) with a stable `code`. */
export interface AuthProblem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** One of `AUTH_ERROR_CODES`. */
  readonly code: AuthErrorCode;
}

/** What an answer needs beside the error. All of it comes from the options and the route, never from the request. */
export interface AnswerContext {
  readonly realm: string | undefined;
  /** All scopes that the route needs, separated by spaces. */
  readonly scope?: string | undefined;
  /** The URL of the metadata of the protected resource (RFC 9728). */
  readonly resourceMetadata?: string | undefined;
}

type BearerError =
  'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'insufficient_user_authentication';

/** The realm where neither the options nor an audience give one. */
const DEFAULT_REALM = 'api';

interface Answer {
  readonly status: HttpStatus;
  readonly error?: BearerError;
  readonly challenges?: boolean;
  /** The challenge names the scopes that the route needs. */
  readonly namesScope?: boolean;
}

/** This file is the only place that says 400, 401, 403 or 503. What is not listed is 401 `invalid_token`. */
const ANSWERS: Partial<Record<AuthErrorCode, Answer>> = {
  missing_token: { status: HttpStatus.UNAUTHORIZED, namesScope: true },
  malformed_request: { status: HttpStatus.BAD_REQUEST, error: 'invalid_request' },
  multiple_tokens: { status: HttpStatus.BAD_REQUEST, error: 'invalid_request' },
  insufficient_user_authentication: {
    status: HttpStatus.UNAUTHORIZED,
    error: 'insufficient_user_authentication',
  },
  insufficient_scope: { status: HttpStatus.FORBIDDEN, error: 'insufficient_scope', namesScope: true },
  insufficient_permission: { status: HttpStatus.FORBIDDEN, challenges: false },
  insufficient_role: { status: HttpStatus.FORBIDDEN, challenges: false },
  insufficient_claims: { status: HttpStatus.FORBIDDEN, challenges: false },
  wrong_subject_kind: { status: HttpStatus.FORBIDDEN, challenges: false },
  forbidden_by_policy: { status: HttpStatus.FORBIDDEN, challenges: false },
  keys_unavailable: { status: HttpStatus.SERVICE_UNAVAILABLE, challenges: false },
};
const INVALID_TOKEN: Answer = { status: HttpStatus.UNAUTHORIZED, error: 'invalid_token', namesScope: true };
const TITLES: Partial<Record<HttpStatus, string>> = {
  [HttpStatus.BAD_REQUEST]: 'Bad Request',
  [HttpStatus.UNAUTHORIZED]: 'Unauthorized',
  [HttpStatus.FORBIDDEN]: 'Forbidden',
  [HttpStatus.SERVICE_UNAVAILABLE]: 'Service Unavailable',
};

/**
 * An AuthError as an HTTP response: status, problem body, and the headers that go with them, which an HttpException
 * cannot carry and the guard therefore sets on the response.
 */
export class AuthException extends HttpException {
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly authError: AuthError;

  /** The body. */
  readonly problem: AuthProblem;
  /** All scopes that the handler needs, where a scope is missing. */
  readonly requiredScopes: readonly string[];
  /** What graphql copies into the `extensions` of its error; set for a handler that is called over GraphQL. */
  extensions?: Readonly<Record<string, unknown>>;

  constructor(error: AuthError, context: AnswerContext) {
    const { status } = answerTo(error);
    const problem = problemOf(error, status);
    super(problem, status, { cause: error });
    this.message = error.message;
    this.authError = error;
    this.problem = problem;
    const scope = error.scope ?? context.scope;
    this.requiredScopes = error.code === 'insufficient_scope' ? (scope?.split(' ') ?? []) : [];
    this.headers = headersFor(error, context);
  }
}

const answerTo = ({ code }: AuthError): Answer => ANSWERS[code] ?? INVALID_TOKEN;

function problemOf(error: AuthError, status: HttpStatus): AuthProblem {
  // To a client, an unknown key and a bad signature read alike.
  const code = error.code === 'unknown_key' ? 'bad_signature' : error.code;
  return { type: 'about:blank', title: TITLES[status] ?? '', status, detail: error.message, code };
}

function headersFor(error: AuthError, context: AnswerContext): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (answerTo(error).challenges !== false)
    headers['www-authenticate'] = wwwAuthenticate([
      { scheme: 'Bearer', parameters: parametersOf(error, context) },
    ]);
  if (!error.isRefusal) headers['retry-after'] = formatRetryAfter(error.retryAfterMs);
  return headers;
}

/** The scheme alone is no challenge: RFC 6750 §3 requires one parameter or more, and so there is always a realm. */
function parametersOf(
  error: AuthError,
  { realm, scope, resourceMetadata }: AnswerContext,
): ChallengeParameters {
  const { error: code, namesScope } = answerTo(error);
  return {
    realm: realm !== undefined && isQuotable(realm) ? realm : DEFAULT_REALM,
    error: code,
    error_description: code && error.message,
    scope: error.scope ?? (namesScope ? scope : undefined),
    resource_metadata: resourceMetadata,
    acr_values: error.acrValues?.join(' '),
    max_age: error.maxAgeMs === undefined ? undefined : String(Math.floor(error.maxAgeMs / 1_000)),
  };
}
