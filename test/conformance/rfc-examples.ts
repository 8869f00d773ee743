import type { JsonWebKey } from 'node:crypto';
import type { Verdict } from './report.js';

/** An example that an RFC prints, with the key that it prints beside it. */
export interface RfcExample {
  readonly section: string;
  readonly what: string;
  readonly token: string;
  readonly key: JsonWebKey & { readonly alg?: string };
  /** At the signature seam. */
  readonly expected: Verdict;
}

const RSA_KEY = {
  kty: 'RSA',
  n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
};
const EC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
const EC_521_KEY = {
  kty: 'EC',
  crv: 'P-521',
  x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk',
  y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
};
const OCTETS = {
  kty: 'oct',
  k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
};
/** `{"iss":"joe", "exp":1300819380, "http://example.com/is_root":true}`, as the RFCs break its lines. */
const JOE = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const RS256_SIGNATURE =
  'cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw';
const ES256_SIGNATURE =
  'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
const HS256_TOKEN = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
const FLATTENED = {
  payload: JOE,
  protected: 'eyJhbGciOiJFUzI1NiJ9',
  header: { kid: 'e9bc097a-ce51-4036-9562-d2ade882db0d' },
  signature: ES256_SIGNATURE,
};
const GENERAL = {
  payload: JOE,
  signatures: [
    { protected: 'eyJhbGciOiJSUzI1NiJ9', header: { kid: '2010-12-29' }, signature: RS256_SIGNATURE },
    { protected: FLATTENED.protected, header: FLATTENED.header, signature: ES256_SIGNATURE },
  ],
};
const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');

export const RFC_EXAMPLES: readonly RfcExample[] = [
  { section: 'RFC 7515 A.1', what: 'HS256', token: HS256_TOKEN, key: OCTETS, expected: 'refuse' },
  {
    section: 'RFC 7515 A.2',
    what: 'RS256',
    token: `eyJhbGciOiJSUzI1NiJ9.${JOE}.${RS256_SIGNATURE}`,
    key: RSA_KEY,
    expected: 'accept',
  },
  {
    section: 'RFC 7515 A.3',
    what: 'ES256',
    token: `eyJhbGciOiJFUzI1NiJ9.${JOE}.${ES256_SIGNATURE}`,
    key: EC_KEY,
    expected: 'accept',
  },
  {
    section: 'RFC 7515 A.4',
    what: 'ES512',
    token:
      'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn',
    key: EC_521_KEY,
    expected: 'accept',
  },
  {
    section: 'RFC 7515 A.5',
    what: 'alg none',
    token: `eyJhbGciOiJub25lIn0.${JOE}.`,
    key: EC_KEY,
    expected: 'refuse',
  },
  {
    section: 'RFC 7515 A.6',
    what: 'general JSON serialization',
    token: JSON.stringify(GENERAL),
    key: EC_KEY,
    expected: 'refuse',
  },
  {
    section: 'RFC 7515 A.7',
    what: 'flattened JSON serialization',
    token: JSON.stringify(FLATTENED),
    key: EC_KEY,
    expected: 'refuse',
  },
  {
    section: 'RFC 7515 E',
    what: 'crit with an unknown extension',
    token:
      'eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.',
    key: EC_KEY,
    expected: 'refuse',
  },
  { section: 'RFC 7519 3.1', what: 'HS256', token: HS256_TOKEN, key: OCTETS, expected: 'refuse' },
  {
    section: 'RFC 7519 6.1',
    what: 'unsecured JWT',
    token: `eyJhbGciOiJub25lIn0.${JOE}.`,
    key: RSA_KEY,
    expected: 'refuse',
  },
  {
    section: 'RFC 7797 4.1',
    what: 'HS256 over encoded content',
    token: 'eyJhbGciOiJIUzI1NiJ9.JC4wMg.5mvfOroL-g7HyqJoozehmsaqmvTYGEq5jTI1gVvoEoQ',
    key: OCTETS,
    expected: 'refuse',
  },
  {
    section: 'RFC 7797 4.2',
    what: 'b64 false, detached',
    token:
      'eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY',
    key: OCTETS,
    expected: 'refuse',
  },
  {
    section: 'RFC 8725 2.1',
    what: 'HS256 keyed with a public key',
    token: `${encode({ alg: 'HS256' })}.${JOE}.${encode(RSA_KEY).slice(0, 43)}`,
    key: RSA_KEY,
    expected: 'refuse',
  },
];

/** The example of RFC 9068 §2.3, which is printed unsigned. It is valid between its `iat` and its `exp`. */
export const RFC_9068_EXAMPLE = {
  header: { typ: 'at+JWT', alg: 'RS256', kid: 'RjEwOwOA' },
  claims: {
    iss: 'https://authorization-server.example.com/',
    sub: '5ba552d67',
    aud: 'https://rs.example.com/',
    exp: 1639528912,
    iat: 1618354090,
    jti: 'dbe39bf3a3ba4238a513f51d6e1691c4',
    client_id: 's6BhdRkqt3',
    scope: 'openid profile reademail',
  },
} as const;
