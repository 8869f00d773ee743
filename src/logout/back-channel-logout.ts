import type { Logger } from '../common/logger.js';
import { printable } from '../common/printable.js';
import type { Endpoint, EndpointRequest, EndpointResponse } from '../endpoint/endpoint.js';
import { FormBodyError, formValues } from '../endpoint/form-body.js';
import { formatRetryAfter } from '../http/cache-headers.js';
import type { Revocations } from '../revocation/revocations.js';
import { ATTRIBUTES, SPANS } from '../telemetry/names.js';
import { errorType, withSpan } from '../telemetry/span.js';
import type { LogoutToken } from './logout-token.js';
import type { LogoutTokenVerifier } from './logout-token-verifier.js';
import { LogoutError } from './logout.error.js';
import type { ResolvedLogoutOptions } from './logout.options.js';

const MAX_BODY_BYTES = 8_192;
/** RFC 9110 §15.6.4, RFC 6585 §4. */
const [UNAVAILABLE, TOO_MANY] = [503, 429];

/**
 * The receiver of logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8): 200 once the tokens of the session
 * or subject are revoked, otherwise 400 with an error as JSON, and never cached.
 */
export class BackChannelLogout {
  readonly endpoint: Endpoint;
  private readonly warned = new Set<string>();

  constructor(
    private readonly options: ResolvedLogoutOptions,
    private readonly verifier: LogoutTokenVerifier,
    private readonly revocations: Revocations,
    private readonly logger: Pick<Logger, 'warn' | 'error'>,
  ) {
    this.endpoint = {
      path: options.path,
      headers: { 'cache-control': 'no-store' },
      methods: { POST: (request) => this.receive(request) },
    };
  }

  private async receive(request: EndpointRequest): Promise<EndpointResponse> {
    try {
      await withSpan(SPANS.backChannelLogout, { isFailure }, async (span) => {
        try {
          const token = await this.verifier.verify(await tokenIn(request));
          await this.logOut(token);
          span.set({ [ATTRIBUTES.result]: 'accepted', [ATTRIBUTES.jwtIssuer]: token.iss });
        } catch (error) {
          span.set(outcomeOf(error));
          throw error;
        }
      });
      return { status: 200 };
    } catch (error) {
      if (!(error instanceof LogoutError)) throw error;
      this.warnOnce(error);
      return responseTo(error);
    }
  }

  /**
   * A session where the token names one, and the subject otherwise. Tokens of the subject that were issued later, after
   * another login, stay good.
   */
  private async logOut(token: LogoutToken): Promise<void> {
    const { iss, sub, sid, iat } = token;
    // Without the store, other processes follow when it is back: it holds here, and the provider can do no more.
    if (sid !== undefined) await this.revocations.revokeSession(iss, sid);
    else if (sub !== undefined) await this.revocations.revokeSubject(iss, sub, iat * 1_000);
    try {
      await this.options.onLogout?.({ iss, sub, sid });
    } catch (error) {
      this.verifier.forget(token);
      this.logger.error(`${printable(iss)}: backChannelLogout.onLogout failed: ${errorType(error)}`);
      throw new LogoutError('logout_failed');
    }
  }

  /** An open endpoint must not fill the log. */
  private warnOnce({ reason, message }: LogoutError): void {
    if (this.warned.has(reason)) return;
    this.warned.add(reason);
    this.logger.warn(`a logout token was refused (${reason}): ${message}; more of these are not logged`);
  }
}

async function tokenIn(request: EndpointRequest): Promise<string> {
  try {
    const [token, ...others] = await formValues(request, 'logout_token', MAX_BODY_BYTES);
    if (typeof token === 'string' && token !== '' && others.length === 0) return token;
  } catch (error) {
    if (!(error instanceof FormBodyError)) throw error;
  }
  throw new LogoutError('malformed_request');
}

/** What makes the span an ERROR: a refusal is an outcome. */
const isFailure = (error: unknown): boolean => !(error instanceof LogoutError && error.isRefusal);

const outcomeOf = (error: unknown): Record<string, string> =>
  error instanceof LogoutError && error.isRefusal
    ? { [ATTRIBUTES.result]: 'rejected', [ATTRIBUTES.logoutRejectionReason]: error.reason }
    : { [ATTRIBUTES.result]: 'error' };

/** The members of RFC 6749 §5.2, as §2.8 says. */
function responseTo(error: LogoutError): EndpointResponse {
  const { reason, message, retryAfterMs } = error;
  if (!error.isTemporary)
    return { status: 400, body: { error: 'invalid_request', error_description: message } };
  return {
    status: reason === 'too_many' ? TOO_MANY : UNAVAILABLE,
    headers: { 'retry-after': formatRetryAfter(retryAfterMs) },
    body: { error: 'temporarily_unavailable', error_description: message },
  };
}
