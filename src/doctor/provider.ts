/** A provider whose tokens need advice of their own. */
export type Provider =
  'auth0' | 'keycloak' | 'entra' | 'cognito' | 'okta' | 'google' | 'zitadel' | 'supabase' | 'other';

const HOSTS: readonly (readonly [RegExp, Provider])[] = [
  [/\.auth0\.com$/, 'auth0'],
  [/^(login\.microsoftonline\.(com|us)|sts\.windows\.net|.+\.(ciamlogin|b2clogin)\.com)$/, 'entra'],
  [/^cognito-idp\..+\.amazonaws\.com(\.cn)?$/, 'cognito'],
  [/\.(okta|oktapreview|okta-emea)\.com$/, 'okta'],
  [/^(accounts\.google\.com|securetoken\.google\.com)$/, 'google'],
  [/\.zitadel\.cloud$/, 'zitadel'],
  [/\.supabase\.(co|in)$/, 'supabase'],
];

/**
 * The provider behind an issuer: by its host, by the path of its realms, or by endpoints in its metadata where it runs under
 * a name of its own.
 */
export function providerOf(
  issuers: readonly unknown[],
  metadata: Readonly<Record<string, unknown>> = {},
): Provider {
  for (const issuer of issuers) {
    if (typeof issuer !== 'string' || !URL.canParse(issuer)) continue;
    const { hostname, pathname } = new URL(issuer);
    const known = HOSTS.find(([pattern]) => pattern.test(hostname))?.[1];
    if (known !== undefined) return known;
    if (/\/realms\/[^/]+/.test(pathname)) return 'keycloak';
  }
  const endpoint = String(metadata['authorization_endpoint'] ?? '');
  if (endpoint.includes('/protocol/openid-connect/')) return 'keycloak';
  if (Object.hasOwn(metadata, 'mfa_challenge_endpoint')) return 'auth0';
  return 'other';
}
