import { discovery, without, type Provider } from './provider.js';

const document = 'docs/guide/providers/self-hosted.md';

const KEYCLOAK = 'https://login.example.com/realms/shop';
const KEYCLOAK_INSIDE = 'http://keycloak.auth.svc.cluster.local:8080/realms/shop';
const ZITADEL = 'https://example.zitadel.cloud';
const LOGTO = 'https://example.logto.app/oidc';
const FUSIONAUTH_APPLICATION = 'e9fdb985-9173-4e01-9d73-ac2d60d1dc8e';
const LEMONLDAP = 'https://auth.example.com/';
const BETTER_AUTH = 'https://app.example.com';

const keycloak = {
  iss: KEYCLOAK,
  aud: ['orders-api', 'account'],
  sub: 'f:1:ada',
  typ: 'Bearer',
  azp: 'web',
  sid: '5a3e',
  scope: 'openid profile read:orders',
  realm_access: { roles: ['offline_access', 'admin'] },
  resource_access: { 'orders-api': { roles: ['list'] }, account: { roles: ['view-profile'] } },
};
const keycloakIdToken = { iss: KEYCLOAK, aud: 'web', sub: keycloak.sub, typ: 'ID', azp: 'web', at_hash: 'h' };

const zitadel = {
  iss: ZITADEL,
  sub: '163840776835432705',
  aud: ['170098453@shop', '123456789012345678'],
  client_id: '170098453@shop',
  'urn:zitadel:iam:org:project:roles': { admin: { '163840776835432345': 'example.zitadel.cloud' } },
  'my:zitadel:grants': ['admin'],
};

const logto = {
  iss: LOGTO,
  sub: 'foo1bar2baz3',
  aud: 'https://api.example.com',
  client_id: 's6BhdRkqt3',
  scope: 'read:orders',
};

const fusionauth = {
  iss: 'acme.com',
  aud: FUSIONAUTH_APPLICATION,
  sub: '00000000-0000-0000-0000-111111111111',
  authenticationType: 'PASSWORD',
  applicationId: FUSIONAUTH_APPLICATION,
  scope: 'offline_access profile openid',
  roles: ['admin'],
  auth_time: 1_703_033_580,
  tid: 'd7d09513-a3f5-401c-9685-34ab6c552453',
};

const lemonldap = {
  iss: LEMONLDAP,
  aud: ['web', 'https://api.example.com'],
  client_id: 'web',
  sub: 'ada',
  sid: 'kVx',
  scope: 'openid profile read:orders',
  groups: ['admin'],
};

const betterAuth = {
  iss: BETTER_AUTH,
  aud: 'https://api.example.com',
  sub: 'H6GBCxn2bFbTTr4dlDdQ4gDxWSAf1QdJ',
  id: 'H6GBCxn2bFbTTr4dlDdQ4gDxWSAf1QdJ',
  name: 'Ada',
  email: 'ada@example.com',
  emailVerified: true,
  role: 'admin',
};

/** Keycloak, Zitadel, Logto, FusionAuth, LemonLDAP::NG and better-auth. */
export const SELF_HOSTED: readonly Provider[] = [
  {
    document,
    heading: 'Keycloak',
    metadata: discovery(KEYCLOAK, `${KEYCLOAK}/protocol/openid-connect/certs`),
    jwksUri: `${KEYCLOAK}/protocol/openid-connect/certs`,
    otherKeys: [{ kid: 'enc', kty: 'RSA', alg: 'RSA-OAEP', use: 'enc', n: 'AQAB', e: 'AQAB' }],
    grants: { scopes: ['read:orders'], permissions: ['list'], roles: ['admin'] },
    accepted: { 'an access token': { header: { typ: 'JWT' }, claims: keycloak } },
    refused: {
      'an ID token': { header: { typ: 'JWT' }, claims: keycloakIdToken, code: 'wrong_audience' },
      'an ID token of a client with the audience mapper': {
        header: { typ: 'JWT' },
        claims: { ...keycloakIdToken, aud: ['web', 'orders-api'], at_hash: undefined },
        code: 'invalid_claim',
      },
      'a token without the audience mapper': {
        header: { typ: 'JWT' },
        claims: { ...keycloak, aud: 'account' },
        code: 'wrong_audience',
      },
    },
  },
  {
    document,
    heading: 'Keycloak with two host names',
    jwksUri: `${KEYCLOAK_INSIDE}/protocol/openid-connect/certs`,
    grants: { roles: ['admin'] },
    accepted: { 'a token with the public issuer': { header: { typ: 'JWT' }, claims: keycloak } },
    refused: {
      'a token with the internal issuer': {
        header: { typ: 'JWT' },
        claims: { ...keycloak, iss: KEYCLOAK_INSIDE },
        code: 'unknown_issuer',
      },
      'a refresh token': {
        header: { typ: 'JWT' },
        claims: { ...keycloak, aud: KEYCLOAK, typ: 'Refresh' },
        code: 'wrong_audience',
      },
    },
  },
  {
    document,
    heading: 'Zitadel',
    metadata: discovery(ZITADEL, `${ZITADEL}/oauth/v2/keys`),
    jwksUri: `${ZITADEL}/oauth/v2/keys`,
    grants: { roles: ['admin'] },
    accepted: { 'an access token': { claims: zitadel } },
    refused: {
      'an ID token': {
        claims: { ...zitadel, jti: undefined, azp: zitadel.client_id, amr: ['pwd'], at_hash: 'h' },
        code: 'wrong_type',
      },
      'an ID token without at_hash': {
        claims: { ...zitadel, jti: undefined, azp: zitadel.client_id },
        code: 'invalid_claim',
      },
      'the token of another project': {
        claims: { ...zitadel, aud: ['170098453@shop'] },
        code: 'wrong_audience',
      },
    },
  },
  {
    document,
    heading: 'Logto',
    algorithm: 'ES384',
    metadata: discovery(LOGTO, `${LOGTO}/jwks`),
    jwksUri: `${LOGTO}/jwks`,
    grants: { scopes: ['read:orders'] },
    accepted: {
      'the access token of a user': { header: { typ: 'at+jwt' }, claims: logto },
      'the access token of a machine': {
        header: { typ: 'at+jwt' },
        claims: { ...logto, sub: logto.client_id },
      },
    },
    refused: {
      'an ID token': {
        header: { typ: 'JWT' },
        claims: { iss: LOGTO, sub: logto.sub, aud: logto.client_id, at_hash: 'h' },
        code: 'wrong_type',
      },
    },
  },
  {
    document,
    heading: 'FusionAuth',
    jwksUri: 'https://login.example.com/.well-known/jwks.json',
    grants: { roles: ['admin'] },
    accepted: {
      'an access token': { header: { typ: 'JWT', gty: ['authorization_code'] }, claims: fusionauth },
    },
    refused: {
      'an ID token': {
        header: { typ: 'JWT', gty: ['authorization_code'] },
        claims: { ...fusionauth, applicationId: undefined, roles: undefined, at_hash: 'h', c_hash: 'h' },
        code: 'wrong_type',
      },
      'an ID token without at_hash': {
        header: { typ: 'JWT' },
        claims: { ...fusionauth, applicationId: undefined, roles: undefined },
        code: 'invalid_claim',
      },
    },
  },
  {
    document,
    heading: 'LemonLDAP::NG',
    metadata: discovery(LEMONLDAP, `${LEMONLDAP}oauth2/jwks`),
    jwksUri: `${LEMONLDAP}oauth2/jwks`,
    grants: { scopes: ['read:orders'], roles: ['admin'] },
    accepted: { 'an access token': { header: { typ: 'at+JWT' }, claims: lemonldap } },
    refused: {
      'an ID token with the same audiences': {
        header: { typ: 'JWT' },
        claims: { ...lemonldap, azp: 'web', acr: 'loa-2', at_hash: 'h' },
        code: 'wrong_type',
      },
    },
  },
  {
    document,
    heading: 'better-auth',
    algorithm: 'EdDSA',
    jwksUri: `${BETTER_AUTH}/api/auth/jwks`,
    jwk: without('use'),
    grants: { roles: ['admin'] },
    accepted: { 'a token of the plugin': { claims: betterAuth } },
    refused: {
      'a token with the default audience': {
        claims: { ...betterAuth, aud: BETTER_AUTH },
        code: 'wrong_audience',
      },
    },
  },
];
