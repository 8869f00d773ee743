import { discovery, without, type Provider } from './provider.js';

const document = 'docs/guide/providers/microsoft.md';

const TENANT = '11111111-2222-3333-4444-555555555555';
const API = '66666666-7777-8888-9999-000000000000';
const CLIENT = '77777777-8888-9999-0000-111111111111';
const ENTRA = `https://login.microsoftonline.com/${TENANT}/v2.0`;
const ENTRA_KEYS = `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`;
const EXTERNAL_TENANT = '22222222-3333-4444-5555-666666666666';
const EXTERNAL = `https://${EXTERNAL_TENANT}.ciamlogin.com/${EXTERNAL_TENANT}/v2.0`;
const EXTERNAL_KEYS = `https://${EXTERNAL_TENANT}.ciamlogin.com/${EXTERNAL_TENANT}/discovery/v2.0/keys`;
const B2C = `https://example.b2clogin.com/${TENANT}/v2.0/`;
const B2C_POLICY = 'https://example.b2clogin.com/example.onmicrosoft.com/B2C_1_signupsignin';
const ADFS = 'http://sts.example.com/adfs/services/trust';

const jwt = { typ: 'JWT' };

const entra = {
  iss: ENTRA,
  aud: API,
  azp: CLIENT,
  azpacr: '0',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  tid: TENANT,
  scp: 'read:orders write:orders',
  roles: ['admin'],
  ver: '2.0',
};

const idToken = (claims: { readonly iss: string; readonly sub: string }) => ({
  iss: claims.iss,
  sub: claims.sub,
  aud: CLIENT,
  nonce: 'n',
});

const external = { ...entra, iss: EXTERNAL, tid: EXTERNAL_TENANT };

const b2c = {
  iss: B2C,
  aud: API,
  azp: CLIENT,
  sub: '884408e1-2918-4c20-b12d-3aa027d7563b',
  tfp: 'B2C_1_signupsignin',
  scp: 'read:orders',
  ver: '1.0',
};

const adfs = {
  iss: ADFS,
  aud: 'microsoft:identityserver:orders-api',
  sub: 'uSe0fWQb9rbUOZaSgkTmwKHOQG7rZn9L',
  apptype: 'Confidential',
  appid: CLIENT,
  authmethod: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
  ver: '1.0',
  scp: 'openid read:orders',
};

/** Entra ID, External ID, Azure AD B2C and AD FS. Their keys have no `alg`. */
export const MICROSOFT: readonly Provider[] = [
  {
    document,
    heading: 'Microsoft Entra ID',
    metadata: discovery(ENTRA, ENTRA_KEYS),
    jwksUri: ENTRA_KEYS,
    jwk: (jwk) => ({ ...without('alg')(jwk), issuer: ENTRA }),
    grants: { scopes: ['read:orders'], roles: ['admin'] },
    accepted: { 'an access token of version 2': { header: jwt, claims: entra } },
    refused: {
      'an ID token': { header: jwt, claims: idToken(entra), code: 'wrong_audience' },
      'an access token of version 1': {
        header: jwt,
        claims: { ...entra, iss: `https://sts.windows.net/${TENANT}/`, aud: 'api://orders', ver: '1.0' },
        code: 'unknown_issuer',
      },
    },
  },
  {
    document,
    heading: 'Several tenants of Entra ID',
    metadata: discovery(ENTRA, 'https://login.microsoftonline.com/common/discovery/v2.0/keys'),
    jwksUri: 'https://login.microsoftonline.com/common/discovery/v2.0/keys',
    jwk: (jwk) => ({ ...without('alg')(jwk), issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }),
    grants: { scopes: ['read:orders'] },
    accepted: { 'the token of a customer': { header: jwt, claims: entra } },
    refused: {
      'the token of a tenant that is no customer': {
        header: jwt,
        claims: {
          ...entra,
          iss: `https://login.microsoftonline.com/${EXTERNAL_TENANT}/v2.0`,
          tid: EXTERNAL_TENANT,
        },
        code: 'unknown_issuer',
      },
      'a tid that is not the tenant of iss': {
        header: jwt,
        claims: { ...entra, tid: EXTERNAL_TENANT },
        code: 'bad_signature',
      },
    },
  },
  {
    document,
    heading: 'Microsoft Entra External ID',
    metadata: discovery(EXTERNAL, EXTERNAL_KEYS),
    jwksUri: EXTERNAL_KEYS,
    jwk: without('alg'),
    grants: { scopes: ['read:orders'] },
    accepted: { 'an access token': { header: jwt, claims: external } },
    refused: {
      'an ID token': { header: jwt, claims: idToken(external), code: 'wrong_audience' },
      'an issuer with the name of the tenant': {
        header: jwt,
        claims: { ...external, iss: `https://example.ciamlogin.com/${EXTERNAL_TENANT}/v2.0` },
        code: 'unknown_issuer',
      },
    },
  },
  {
    document,
    heading: 'Azure AD B2C',
    jwksUri: `${B2C_POLICY}/discovery/v2.0/keys`,
    jwk: without('alg'),
    grants: { scopes: ['read:orders'] },
    accepted: { 'an access token': { header: jwt, claims: b2c } },
    refused: {
      'an ID token of the same application': {
        header: jwt,
        claims: { ...b2c, azp: undefined, scp: undefined, nonce: 'n', auth_time: 1_438_535_543 },
        code: 'invalid_claim',
      },
      'the token of another flow': {
        header: jwt,
        claims: { ...b2c, tfp: 'B2C_1_reset' },
        code: 'invalid_claim',
      },
    },
  },
  {
    document,
    heading: 'AD FS',
    jwksUri: 'https://sts.example.com/adfs/discovery/keys',
    grants: { scopes: ['read:orders'] },
    accepted: { 'an access token': { header: jwt, claims: adfs } },
    refused: {
      'an ID token': {
        header: jwt,
        claims: { ...idToken(adfs), iss: 'https://sts.example.com/adfs' },
        code: 'unknown_issuer',
      },
      'a token for the userinfo endpoint': {
        header: jwt,
        claims: { ...adfs, aud: 'urn:microsoft:userinfo' },
        code: 'wrong_audience',
      },
    },
  },
];
