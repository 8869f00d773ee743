import { discovery, type Provider } from './provider.js';

const ISSUER = 'https://login.example.com';

const withHash = {
  iss: ISSUER,
  aud: 'https://api.example.com',
  sub: 'ada',
  at_hash: 'h',
};

/** An issuer whose access tokens carry a claim of ID tokens. */
export const OTHER: readonly Provider[] = [
  {
    document: 'docs/guide/providers.md',
    heading: 'Other providers',
    metadata: discovery(ISSUER, `${ISSUER}/jwks`),
    jwksUri: `${ISSUER}/jwks`,
    accepted: {
      'an access token with at_hash': { claims: withHash },
      'an access token without': { claims: { ...withHash, at_hash: undefined } },
    },
    refused: {
      'an ID token for the same audience': { claims: { ...withHash, nonce: 'n' }, code: 'invalid_claim' },
      'a token with another claim of ID tokens': {
        claims: { ...withHash, c_hash: 'h' },
        code: 'wrong_type',
      },
    },
  },
];
