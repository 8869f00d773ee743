import { isJsonObject } from '../../common/json-object.js';

/** The members of a header or of claims, not checked. */
export type Members = Readonly<Record<string, unknown>>;

/** The members of a part of a token; undefined when it is no JSON object. */
export function membersIn(part: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What says who a person is, or names one token (RFC 7519 §4.1, OpenID Connect Core §5.1). */
const PERSONAL_CLAIMS = [
  'sub',
  'jti',
  'sid',
  'oid',
  'uid',
  'email',
  'upn',
  'unique_name',
  'preferred_username',
  'username',
  'name',
  'given_name',
  'family_name',
  'nickname',
  'phone_number',
  'nonce',
];
/** As long that it is found in other words by intention alone. */
const LONG = 8;

/** The text without the personal values of these claims, wherever an issuer has repeated them. */
export function withoutPersonal(text: string, claims: Members): string {
  return PERSONAL_CLAIMS.map((name) => claims[name])
    .filter((value) => typeof value === 'string' && value !== '')
    .map(String)
    .reduce((left, value) => {
      const withheld = left.replaceAll(`"${value}"`, '(withheld)');
      return value.length < LONG ? withheld : withheld.replaceAll(value, '(withheld)');
    }, text);
}
