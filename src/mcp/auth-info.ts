import { grantsAt } from '../requirements/grants.js';
import type { GrantPaths } from '../requirements/grant-claims.js';
import type { VerifiedToken } from '../token/access-token.js';

/** `request.auth` at an MCP endpoint: the `AuthInfo` that the SDK passes on to handlers. */
export interface McpAuthInfo {
  /** Empty, unless the endpoint has `exposeToken`. */
  token: string;
  /** `client_id`, else `azp`, else empty. */
  clientId: string;
  scopes: string[];
  /** Seconds since the epoch. */
  expiresAt: number;
  /** The identifier of the protected resource (RFC 8707). */
  resource: URL;
  /** What `request.user` is. */
  extra: { user: unknown };
}

/** Makes the `AuthInfo` of a token. */
export const authInfo = (
  { claims }: VerifiedToken,
  { token, identifier, user, paths }: { token: string; identifier: string; user: unknown; paths: GrantPaths },
): McpAuthInfo => ({
  token,
  clientId: [claims['client_id'], claims['azp']].find((one) => typeof one === 'string') ?? '',
  scopes: [...grantsAt(claims, paths.scopes)],
  expiresAt: claims.exp,
  resource: new URL(identifier),
  extra: { user },
});
