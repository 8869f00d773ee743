import { discovery, type Provider } from './provider.js';

const document = 'docs/guide/providers/google.md';

const GOOGLE_ISSUER = 'https://accounts.google.com';
const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs';
const FIREBASE = 'https://securetoken.google.com/example-project';
const FIREBASE_KEYS =
  'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';

const scheduler = {
  iss: GOOGLE_ISSUER,
  aud: 'https://orders-abc123.a.run.app',
  azp: '113475438248934895348',
  sub: '113475438248934895348',
  email: 'scheduler@project.iam.gserviceaccount.com',
  email_verified: true,
};

const iap = {
  iss: 'https://cloud.google.com/iap',
  aud: '/projects/123456789/global/backendServices/987654321',
  sub: 'accounts.google.com:100000000000000000000',
  email: 'ada@example.com',
  hd: 'example.com',
};

const firebase = {
  iss: FIREBASE,
  aud: 'example-project',
  auth_time: 1_623_847_832,
  user_id: 'Xk893u23H9SI893',
  sub: 'Xk893u23H9SI893',
  email: 'ada@example.com',
  email_verified: true,
  roles: ['admin'],
  firebase: { identities: { email: ['ada@example.com'] }, sign_in_provider: 'password' },
};

/** Google's ID tokens, those of Identity-Aware Proxy, and Firebase. */
export const GOOGLE: readonly Provider[] = [
  {
    document,
    heading: 'Google',
    metadata: discovery(GOOGLE_ISSUER, GOOGLE_KEYS),
    jwksUri: GOOGLE_KEYS,
    accepted: {
      'the token of a service account that is expected': { header: { typ: 'JWT' }, claims: scheduler },
    },
    refused: {
      'the token of another service account': {
        claims: { ...scheduler, email: 'other@evil.iam.gserviceaccount.com' },
        code: 'invalid_claim',
      },
      'the ID token of a user': {
        claims: {
          ...scheduler,
          aud: 'client.apps.googleusercontent.com',
          email: 'ada@example.com',
          at_hash: 'h',
        },
        code: 'wrong_audience',
      },
    },
  },
  {
    document,
    heading: 'Google IAP',
    algorithm: 'ES256',
    jwksUri: 'https://www.gstatic.com/iap/verify/public_key-jwk',
    tokenHeader: 'x-goog-iap-jwt-assertion',
    accepted: { 'the assertion of the proxy': { header: { typ: 'JWT' }, claims: iap } },
    refused: {
      'the assertion for another backend': {
        claims: { ...iap, aud: '/projects/123456789/global/backendServices/1' },
        code: 'wrong_audience',
      },
      'an ID token of Google': { claims: scheduler, code: 'unknown_issuer' },
    },
  },
  {
    document,
    heading: 'Firebase',
    metadata: discovery(FIREBASE, FIREBASE_KEYS),
    jwksUri: FIREBASE_KEYS,
    grants: { roles: ['admin'] },
    accepted: { 'an ID token': { header: { typ: 'JWT' }, claims: firebase } },
    refused: {
      'an ID token of another project, under the same keys': {
        claims: { ...firebase, iss: 'https://securetoken.google.com/other', aud: 'other' },
        code: 'unknown_issuer',
      },
      'a custom token, which a client exchanges for an ID token': {
        claims: {
          ...firebase,
          aud: 'https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit',
        },
        code: 'wrong_audience',
      },
    },
  },
];
