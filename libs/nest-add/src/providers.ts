/** What the tokens of an identity provider need: docs/guide/providers.md says why. */
export interface Provider {
  /** Where none is given: the shape of an issuer. */
  readonly issuer: string;
  /** Where none is given: the shape of an audience. */
  readonly audience: string;
  /** The environment variable of the audience. */
  readonly variable: 'AUDIENCE' | 'CLIENT_ID';
  /** What the options use of the package beside `AuthModule`. */
  readonly uses?: readonly string[];
  /** Makes a given issuer exactly that of the tokens' `iss`. */
  readonly complete: (issuer: string) => string;
  /** The members of the options beside `issuer`, as code, with the code of the audience. */
  readonly options: (audience: string) => readonly string[];
}

const withoutSlash = (issuer: string): string => issuer.replace(/\/+$/, '');
const withAudience = (audience: string): readonly string[] => [`audience: ${audience}`];
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** For any other provider. */
const ANY: Provider = {
  issuer: 'https://issuer.example.com',
  audience: 'https://api.example.com',
  variable: 'AUDIENCE',
  complete: (issuer) => issuer,
  options: withAudience,
};

export const PROVIDERS: Readonly<Record<string, Provider>> = {
  auth0: {
    ...ANY,
    issuer: 'https://your-tenant.eu.auth0.com/',
    complete: (issuer) => `${withoutSlash(issuer)}/`,
  },
  cognito: {
    ...ANY,
    issuer: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE',
    audience: 'your-client-id',
    variable: 'CLIENT_ID',
    complete: withoutSlash,
    options: (clientId) => [
      'audience: null',
      `requiredClaims: { token_use: 'access', client_id: ${clientId} }`,
      `claims: { roles: 'cognito:groups' }`,
    ],
  },
  entra: {
    ...ANY,
    issuer: 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
    audience: '00000000-0000-0000-0000-000000000000',
    complete: (issuer) => {
      const tenant = UUID.test(issuer) ? `https://login.microsoftonline.com/${issuer}` : withoutSlash(issuer);
      return tenant.endsWith('/v2.0') ? tenant : `${tenant}/v2.0`;
    },
    options: (audience) => [`audience: ${audience}`, `algorithms: ['RS256']`],
  },
  google: {
    ...ANY,
    issuer: 'https://accounts.google.com',
    audience: 'https://your-service.a.run.app',
    complete: withoutSlash,
    options: (audience) => [
      `audience: ${audience}`,
      `requiredClaims: { email: ['caller@your-project.iam.gserviceaccount.com'], email_verified: true }`,
    ],
  },
  keycloak: {
    ...ANY,
    issuer: 'https://login.example.com/realms/your-realm',
    audience: 'your-api',
    complete: withoutSlash,
    options: (audience) => [
      `audience: ${audience}`,
      `requiredClaims: { typ: 'Bearer' }`,
      `claims: { roles: 'realm_access.roles' }`,
    ],
  },
  okta: {
    ...ANY,
    issuer: 'https://your-domain.okta.com/oauth2/default',
    audience: 'api://default',
    complete: (issuer) => {
      const url = withoutSlash(issuer);
      return url.includes('/oauth2/') ? url : `${url}/oauth2/default`;
    },
    options: (audience) => [`audience: ${audience}`, `claims: { roles: 'groups' }`],
  },
  zitadel: {
    ...ANY,
    issuer: 'https://your-instance.zitadel.cloud',
    audience: 'your-project-id',
    complete: withoutSlash,
    uses: ['present'],
    options: (audience) => [`audience: ${audience}`, 'requiredClaims: { jti: present }'],
  },
};

/** @throws Error for a provider that there is no preset for */
export function providerNamed(name: string | undefined): Provider {
  if (name === undefined) return ANY;
  const provider = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined;
  if (provider === undefined)
    throw new Error(`--provider must be one of ${Object.keys(PROVIDERS).join(', ')}, or be left out`);
  return provider;
}
