import { isUtf8 } from 'node:buffer';
import type { Change, FuzzCase } from './fuzz-case.js';
import type { FuzzInput } from './fuzz-scene.js';
import type { Verdicts } from './verdicts.js';

/** What a difference is recognised by. */
export interface Observation extends FuzzInput {
  readonly verdicts: Verdicts;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A class of tokens that others judge otherwise, and why our verdict is right. */
export interface Difference {
  readonly name: string;
  readonly reason: string;
  readonly reference: string;
  /** True when this is why we differ. */
  readonly explains: (seen: Observation) => boolean;
  /** A case that shows it. */
  readonly example: Partial<FuzzCase>;
}

const withCode =
  (code: string, holds: (seen: Observation) => boolean = () => true) =>
  (seen: Observation): boolean =>
    seen.verdicts.code === code && holds(seen);
const header = (...changes: readonly Change[]): Partial<FuzzCase> => ({ header: changes });
const claims = (...changes: readonly Change[]): Partial<FuzzCase> => ({ claims: changes });
const bytesOf = (token: string): Buffer[] => token.split('.').map((part) => Buffer.from(part, 'base64url'));
const isCanonical = (token: string): boolean =>
  bytesOf(token)
    .map((bytes) => bytes.toString('base64url'))
    .join('.') === token;
const isString = (value: unknown): boolean => value === undefined || typeof value === 'string';
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectsIn = (jwks: readonly unknown[]): Record<string, unknown>[] => jwks.filter(isObject);
const areOperations = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((one) => typeof one === 'string') &&
  new Set(value).size === value.length;
const isEmptyArray = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const KEY_REFUSALS = ['unknown_key', 'bad_signature', 'unsupported_algorithm', 'keys_unavailable'];
const withoutKey = ({ code = '' }: Verdicts): boolean => KEY_REFUSALS.includes(code);

/** Every documented class. A case that differs for another reason fails the test. */
export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'base64url that is not canonical, such as stray bits in the last character',
    reason: 'two texts for one token would be two entries of whatever remembers or revokes tokens',
    reference: 'RFC 7515 §2, RFC 4648 §3.5',
    explains: withCode('malformed_token', ({ token }) => !isCanonical(token)),
    example: { cut: ['stray bits', 0] },
  },
  {
    name: 'JSON with a byte order mark, or that is no UTF-8',
    reason: 'the octets must be valid UTF-8, and no byte order mark is to be sent',
    reference: 'RFC 7515 §5.2, RFC 8259 §8.1',
    explains: withCode('malformed_token', ({ token }) =>
      bytesOf(token)
        .slice(0, 2)
        .some((bytes) => !isUtf8(bytes) || bytes[0] === 0xef),
    ),
    example: { writing: [1, 'latin1'] },
  },
  {
    name: '`typ` or `kid` that is no string',
    reason: 'their values must be strings',
    reference: 'RFC 7515 §4.1.4, §4.1.9',
    explains: withCode('malformed_token', ({ header: { typ, kid } }) => !isString(typ) || !isString(kid)),
    example: { ...header(['typ', 1]), profile: false },
  },
  {
    name: 'a member `__proto__`, or more than 32 levels',
    reason: 'what copies or walks the claims downstream is kept from harm; limits on depth are allowed',
    reference: 'RFC 8259 §9',
    explains: withCode('malformed_token', ({ token }) => {
      const texts = bytesOf(token).slice(0, 2).map(String);
      return texts.some((text) => text.includes('__proto__') || text.includes('['.repeat(32)));
    }),
    example: { writing: [1, '__proto__'] },
  },
  {
    name: '`b64`, whatever its value, and `crit` that names it',
    reason: 'a JWT must not use it',
    reference: 'RFC 7797 §7',
    explains: withCode('unsupported_critical', ({ header: head }) => Object.hasOwn(head, 'b64')),
    example: header(['b64', true], ['crit', ['b64']]),
  },
  {
    name: '`typ` of another kind of token, where no profile is asked for',
    reason: 'one kind of JWT must not pass for another',
    reference: 'RFC 8725 §3.11',
    explains: withCode('wrong_type', ({ profile }) => !profile),
    example: { ...header(['typ', 'dpop+jwt']), profile: false },
  },
  {
    name: '`enc` in the header of a JWS',
    reason: 'it is how a JWE is told from a JWS',
    reference: 'RFC 7516 §9',
    explains: withCode('encrypted_token', ({ header: head }) => Object.hasOwn(head, 'enc')),
    example: header(['enc', 'A256GCM']),
  },
  {
    name: 'a claim that only ID tokens or security events carry',
    reason: 'one kind of JWT must not pass for another',
    reference: 'RFC 8725 §3.12',
    explains: withCode('wrong_type', ({ claims: body }) =>
      ['at_hash', 'c_hash', 's_hash', 'events'].some((name) => Object.hasOwn(body, name)),
    ),
    example: claims(['at_hash', 'x']),
  },
  {
    name: '`iat` in the future',
    reason: 'a token cannot have been issued later than now',
    reference: 'RFC 7519 §4.1.6, a choice',
    explains: withCode('not_yet_valid', ({ claims: { iat } }) => Number(iat) > Date.now() / 1_000),
    example: claims(['iat', 60]),
  },
  {
    name: '`aud` with our name beside what is no string',
    reason: 'each of its values must be a string',
    reference: 'RFC 7519 §4.1.3',
    explains: withCode('wrong_audience', ({ claims: { aud } }) => Array.isArray(aud) && !aud.every(isString)),
    example: claims(['aud', ['<audience>', 1]]),
  },
  {
    name: '`sub`, `jti` or `client_id` that is no string',
    reason: 'their values must be strings',
    reference: 'RFC 7519 §4.1.2, §4.1.7, RFC 8693 §4.3',
    explains: withCode(
      'invalid_claim',
      ({ claims: { sub, jti, client_id: client } }) => ![sub, jti, client].every(isString),
    ),
    example: claims(['jti', 1]),
  },
  {
    name: 'a time beyond all numbers (`1e400`)',
    reason: 'a NumericDate is a number of seconds, and this token would never expire',
    reference: 'RFC 7519 §2',
    explains: withCode('invalid_claim', ({ claims: { exp, nbf, iat } }) =>
      [exp, nbf, iat].includes(Infinity),
    ),
    example: claims(['exp', '<infinite>']),
  },
  {
    name: '`cnf` in a token that comes without its proof',
    reason: 'the token is good only together with a proof, which is not checked here',
    reference: 'RFC 9449 §7.2, RFC 8705 §3',
    explains: withCode('sender_constrained'),
    example: claims(['cnf', {}]),
  },
  {
    name: 'a key that names another issuer',
    reason: 'one set of Entra ID serves many tenants, and says which key is whose',
    reference: 'RFC 8725 §3.8',
    explains: ({ jwks, verdicts }) =>
      verdicts.code === 'bad_signature' && objectsIn(jwks).some(({ issuer }) => typeof issuer === 'string'),
    example: { keySet: [[0, ['issuer', 'https://login.example/tenant/v2.0']]] },
  },
  {
    name: '`key_ops` or `use` of a wrong type, or with repetitions',
    reason: 'the key does not say that it is for verification',
    reference: 'RFC 7517 §4.2, §4.3',
    explains: ({ jwks, verdicts }) =>
      withoutKey(verdicts) &&
      objectsIn(jwks).some(
        ({ key_ops: operations, use }) =>
          !isString(use) || !(operations === undefined || areOperations(operations)),
      ),
    example: { keySet: [[0, ['key_ops', 'verify']]] },
  },
  {
    name: 'members of a key that are null or empty',
    reason: 'a member without a value says nothing: issuers write absent ones so',
    reference: 'RFC 7517 §4, a choice',
    explains: ({ jwks, verdicts }) =>
      verdicts.ours === 'accept' &&
      objectsIn(jwks).some((jwk) =>
        Object.values(jwk).some((value) => value === null || value === '' || isEmptyArray(value)),
      ),
    example: { keySet: [[0, ['key_ops', []]]] },
  },
  {
    name: 'several keys of one kid that fit',
    reason: 'those whose algorithm fits are tried, as while two servers of an issuer disagree',
    reference: 'RFC 7517 §4.5, a choice',
    explains: ({ jwks, verdicts, header: { kid } }) =>
      verdicts.ours === 'accept' && objectsIn(jwks).filter((jwk) => jwk['kid'] === kid).length > 1,
    example: { extra: ['<twin>'] },
  },
  {
    name: 'a set with a member that is no key, or broken',
    reason: 'what cannot be used is left out, and does not spoil the others',
    reference: 'RFC 7517 §5',
    explains: ({ jwks, verdicts }) => verdicts.ours === 'accept' && !jwks.every(isObject),
    example: { extra: [1] },
  },
];
