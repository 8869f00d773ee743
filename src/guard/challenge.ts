/** What a `Bearer` challenge says (RFC 6750 §3); undefined members are left out. */
export interface Challenge {
  readonly realm: string | undefined;
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | undefined;
  readonly error_description?: string | undefined;
  readonly scope?: string | undefined;
}

/** The value of a `WWW-Authenticate` header: `Bearer` with its parameters as quoted strings (RFC 9110 §11.6.1). */
export function formatChallenge(challenge: Challenge): string {
  const parameters = Object.entries(challenge)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${String(value).replace(/["\\]/g, '\\$&')}"`);
  return parameters.length === 0 ? 'Bearer' : `Bearer ${parameters.join(', ')}`;
}
