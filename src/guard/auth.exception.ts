import { HttpException, HttpStatus } from '@nestjs/common';
import { AuthError, type AuthErrorCode } from '../common/auth.error.js';

/** The body of a refusal: problem details (RFC 9457) with a stable `code`. */
export interface AuthProblem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** One of `AUTH_ERROR_CODES`. */
  readonly code: AuthErrorCode;
}

/** What an answer needs to know beside the error. Both come from the options and the route, never from the request. */
export interface AnswerContext {
  readonly realm: string | undefined;
  /** All scopes that the route needs, separated by spaces. */
  readonly scope?: string | undefined;
}

type BearerError = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

/** The realm where neither the options nor an audience give one. */
export const DEFAULT_REALM = 'api';

/** This file is the only place that says 400, 401, 403 or 503. What is not listed is 401 `invalid_token`. */
const ANSWERS: Partial<
  Record<AuthErrorCode, { status: HttpStatus; error?: BearerError; challenges?: boolean }>
> = {
  missing_token: { status: HttpStatus.UNAUTHORIZED },
  malformed_request: { status: HttpStatus.BAD_REQUEST, error: 'invalid_request' },
  multiple_tokens: { status: HttpStatus.BAD_REQUEST, error: 'invalid_request' },
  insufficient_scope: { status: HttpStatus.FORBIDDEN, error: 'insufficient_scope' },
  insufficient_permission: { status: HttpStatus.FORBIDDEN, challenges: false },
  insufficient_role: { status: HttpStatus.FORBIDDEN, challenges: false },
  keys_unavailable: { status: HttpStatus.SERVICE_UNAVAILABLE, challenges: false },
};
const INVALID_TOKEN = { status: HttpStatus.UNAUTHORIZED, error: 'invalid_token' } as const;
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
    this.requiredScopes = error.code === 'insufficient_scope' ? (context.scope?.split(' ') ?? []) : [];
    this.headers = headersFor(error, context);
  }
}

const answerTo = ({ code }: AuthError) => ANSWERS[code] ?? INVALID_TOKEN;

function problemOf(error: AuthError, status: HttpStatus): AuthProblem {
  // To a client, an unknown key and a bad signature read alike.
  const code = error.code === 'unknown_key' ? 'bad_signature' : error.code;
  return { type: 'about:blank', title: TITLES[status] ?? '', status, detail: error.message, code };
}

function headersFor(error: AuthError, { realm, scope }: AnswerContext): Record<string, string> {
  const { error: code, challenges = true } = answerTo(error) as { error?: BearerError; challenges?: boolean };
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (challenges) {
    // The scheme alone is no challenge: RFC 6750 §3 wants one parameter or more.
    const parameters: Record<string, string> = { realm: realm ?? DEFAULT_REALM };
    if (code !== undefined) Object.assign(parameters, { error: code, error_description: error.message });
    if (code === 'insufficient_scope' && scope !== undefined) parameters['scope'] = scope;
    headers['www-authenticate'] = challenge(parameters);
  }
  if (!error.isRefusal)
    headers['retry-after'] = String(Math.max(1, Math.ceil((error.retryAfterMs ?? 0) / 1_000)));
  return headers;
}

/** The value of a `WWW-Authenticate` header: `Bearer` with its parameters as quoted strings (RFC 9110 §11.6.1). */
function challenge(parameters: Readonly<Record<string, string>>): string {
  const quoted = Object.entries(parameters).map(
    ([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&')}"`,
  );
  return `Bearer ${quoted.join(', ')}`;
}
