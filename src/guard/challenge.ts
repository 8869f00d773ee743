/** The parameters of a challenge, each at most once, in the order in which they are written. */
export interface ChallengeParameters {
  /** RFC 9110 §11.5. */
  readonly realm: string;
  /** RFC 6750 §3.1, RFC 9470 §3. */
  readonly error?: string | undefined;
  readonly error_description?: string | undefined;
  /** Scopes, separated by spaces (RFC 6750 §3). */
  readonly scope?: string | undefined;
  /** The URL of the metadata of the protected resource (RFC 9728 §5.1). */
  readonly resource_metadata?: string | undefined;
  /** Authentication contexts, separated by spaces, the preferred one first (RFC 9470 §3). */
  readonly acr_values?: string | undefined;
  /** Seconds since the user authenticated (RFC 9470 §3). */
  readonly max_age?: string | undefined;
}

/** One challenge: a scheme with its parameters. */
export interface Challenge {
  readonly scheme: 'Bearer';
  readonly parameters: ChallengeParameters;
}

const ORDER = [
  'realm',
  'error',
  'error_description',
  'scope',
  'resource_metadata',
  'acr_values',
  'max_age',
] as const satisfies readonly (keyof ChallengeParameters)[];

/**
 * The value of a `WWW-Authenticate` header (RFC 9110 §11.6.1): the challenges in their order, of which the first is
 * `Bearer`, because there are clients that read the first one only.
 */
export const wwwAuthenticate = (challenges: readonly Challenge[]): string =>
  challenges.map(({ scheme, parameters }) => `${scheme} ${quoted(parameters)}`).join(', ');

const quoted = (parameters: ChallengeParameters): string =>
  ORDER.flatMap((name) => {
    const value = parameters[name]?.replace(NOT_QUOTABLE, '') ?? '';
    return value === '' ? [] : [`${name}="${value}"`];
  }).join(', ');

/** What RFC 6750 §3 does not allow in a description: quoted, it would need escapes, which many clients do not read. */
const NOT_QUOTABLE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;

/** True for a string that a challenge carries as it is. */
export const isQuotable = (value: string): boolean => value !== '' && value.search(NOT_QUOTABLE) === -1;
