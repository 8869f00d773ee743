import { discovery, without, type Provider } from './provider.js';

const document = 'docs/guide/providers/hosted.md';

const AUTH0 = 'https://tenant.eu.auth0.com/';
const OKTA = 'https://example.okta.com/oauth2/default';
const COGNITO = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE';
const CLERK = 'https://clerk.example.com';
const SUPABASE = 'https://exampleproject.supabase.co/auth/v1';
const KINDE = 'https://example.kinde.com';

const auth0 = {
  iss: AUTH0,
  sub: 'auth0|6553da60a54af58e29493993',
  aud: ['https://api.example.com', `${AUTH0}userinfo`],
  azp: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
  scope: 'openid profile read:orders',
  permissions: ['read:orders'],
  'https://example.com/roles': ['admin'],
};

const okta = {
  ver: 1,
  iss: OKTA,
  sub: 'ada@example.com',
  aud: 'api://default',
  cid: '0oa1example',
  uid: '00u1example',
  scp: ['openid', 'read:orders'],
  groups: ['Everyone', 'admin'],
};

const cognito = {
  iss: COGNITO,
  sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  client_id: 'web-client-id',
  token_use: 'access',
  scope: 'openid orders/read',
  username: 'ada',
  'cognito:groups': ['admin'],
  auth_time: 1_676_312_777,
};

const clerk = {
  iss: CLERK,
  sub: 'user_123',
  azp: 'https://app.example.com',
  sid: 'sess_123',
  fva: [7, -1],
  v: 2,
  pla: 'u:free,o:pro',
  o: { id: 'org_123', slg: 'shop', rol: 'admin', per: 'read,manage', fpm: '3,2' },
};

const supabase = {
  iss: SUPABASE,
  aud: 'authenticated',
  sub: '123e4567-e89b-12d3-a456-426614174000',
  role: 'authenticated',
  aal: 'aal1',
  session_id: '123e4567-e89b-12d3-a456-426614174001',
  email: 'ada@example.com',
  is_anonymous: false,
  app_metadata: { provider: 'email', roles: ['admin'] },
  user_metadata: { roles: ['superuser'] },
};

const kinde = {
  iss: KINDE,
  sub: 'kp_ada',
  aud: ['https://api.example.com'],
  azp: 'dee7f3c57b3c47e8b96edde2c7ecab7d',
  org_code: 'org_1',
  permissions: ['view:stats'],
  scp: ['openid', 'profile', 'read:orders'],
};

/** Auth0, Okta, Amazon Cognito, Clerk, Supabase and Kinde. */
export const HOSTED: readonly Provider[] = [
  {
    document,
    heading: 'Auth0',
    metadata: discovery(AUTH0, `${AUTH0}.well-known/jwks.json`),
    jwksUri: `${AUTH0}.well-known/jwks.json`,
    grants: { scopes: ['read:orders'], permissions: ['read:orders'], roles: ['admin'] },
    accepted: {
      'an access token': { header: { typ: 'JWT' }, claims: auth0 },
      'an access token of the RFC 9068 profile': {
        header: { typ: 'at+jwt' },
        claims: { ...auth0, client_id: auth0.azp },
      },
    },
    refused: {
      'an ID token': {
        header: { typ: 'JWT' },
        claims: { iss: AUTH0, sub: auth0.sub, aud: auth0.azp, nonce: 'n', at_hash: 'h' },
        code: 'wrong_audience',
      },
      'an issuer without the slash': {
        claims: { ...auth0, iss: 'https://tenant.eu.auth0.com' },
        code: 'unknown_issuer',
      },
    },
  },
  {
    document,
    heading: 'Okta',
    metadata: discovery(OKTA, `${OKTA}/v1/keys`),
    jwksUri: `${OKTA}/v1/keys`,
    grants: { scopes: ['read:orders'], roles: ['admin'] },
    accepted: { 'an access token': { claims: okta } },
    refused: {
      'an ID token': {
        claims: { iss: OKTA, sub: okta.uid, aud: okta.cid, ver: 1, amr: ['pwd'], at_hash: 'h' },
        code: 'wrong_audience',
      },
      'a token of the org server': {
        claims: { ...okta, iss: 'https://example.okta.com', aud: 'https://example.okta.com' },
        code: 'unknown_issuer',
      },
    },
  },
  {
    document,
    heading: 'Amazon Cognito',
    metadata: discovery(COGNITO, `${COGNITO}/.well-known/jwks.json`),
    jwksUri: `${COGNITO}/.well-known/jwks.json`,
    grants: { scopes: ['orders/read'], roles: ['admin'] },
    accepted: { 'an access token': { claims: cognito } },
    refused: {
      'an ID token': {
        claims: { iss: COGNITO, sub: cognito.sub, aud: 'web-client-id', token_use: 'id', at_hash: 'h' },
        code: 'wrong_type',
      },
      'an ID token without at_hash': {
        claims: { iss: COGNITO, sub: cognito.sub, aud: 'web-client-id', token_use: 'id' },
        code: 'invalid_claim',
      },
      'the token of another client': { claims: { ...cognito, client_id: 'other' }, code: 'invalid_claim' },
    },
  },
  {
    document,
    heading: 'Clerk',
    jwksUri: `${CLERK}/.well-known/jwks.json`,
    grants: { roles: ['admin'] },
    accepted: {
      'a session token': { header: { typ: 'JWT', cat: 'cl_B7d4PD111AAA' }, claims: clerk },
    },
    refused: {
      'the token of a JWT template': {
        header: { typ: 'JWT' },
        claims: { ...clerk, sid: undefined },
        code: 'invalid_claim',
      },
      'a session of another origin': {
        claims: { ...clerk, azp: 'https://evil.example' },
        code: 'invalid_claim',
      },
      'a session that is pending': { claims: { ...clerk, sts: 'pending' }, code: 'invalid_claim' },
    },
  },
  {
    document,
    heading: 'Supabase',
    algorithm: 'ES256',
    jwksUri: `${SUPABASE}/.well-known/jwks.json`,
    jwk: (jwk) => ({ ...without('use')(jwk), ext: true, key_ops: ['verify'] }),
    grants: { roles: ['admin'] },
    accepted: { 'the token of a user': { header: { typ: 'JWT' }, claims: supabase } },
    refused: {
      'the token of an anonymous user': {
        claims: { ...supabase, is_anonymous: true, email: '' },
        code: 'invalid_claim',
      },
      'a token signed with the legacy secret': {
        header: { alg: 'HS256', typ: 'JWT', kid: undefined },
        claims: supabase,
        code: 'unsupported_algorithm',
      },
    },
  },
  {
    document,
    heading: 'Kinde',
    metadata: discovery(KINDE, `${KINDE}/.well-known/jwks.json`),
    jwksUri: `${KINDE}/.well-known/jwks.json`,
    grants: { scopes: ['read:orders'], permissions: ['view:stats'] },
    accepted: { 'an access token': { claims: kinde } },
    refused: {
      'an ID token': {
        claims: { iss: KINDE, sub: kinde.sub, aud: [KINDE, kinde.azp], azp: kinde.azp, at_hash: 'h' },
        code: 'wrong_audience',
      },
      'a token for which no API was requested': { claims: { ...kinde, aud: [] }, code: 'missing_audience' },
    },
  },
];
