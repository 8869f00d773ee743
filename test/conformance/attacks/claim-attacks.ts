import { present } from 'nestjs-jwks-auth';
import { claim, each, head, rawClaims, type Attack } from './attack.js';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const SESSION_EVENT = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const STRICT = () => ({ auth: { tokenType: 'at+jwt' } as const });

/** C. Whom a token is from and for, and what kind of token it is. */
export const CLAIM_ATTACKS: readonly Attack[] = [
  {
    id: 'C9',
    attack: 'claims twice, where the last one is bad',
    force: 'POLICY',
    reference: 'RFC 7519 §4',
    policy: 'the last one counts, everywhere: what was checked is what is handed on',
    tokens: (scene) => ({
      exp: rawClaims(scene, '"exp":1'),
      iss: rawClaims(scene, '"iss":"https://evil.example"'),
      aud: rawClaims(scene, '"aud":[]'),
    }),
    good: (scene) => rawClaims(scene, '"sub":"the last one"'),
  },
  {
    id: 'C10',
    attack: '`aud` is missing, empty, null',
    force: 'MUST',
    reference: 'RFC 9068 §4, RFC 8725 §3.9',
    tokens: (scene) => each([undefined, [], '', [''], null], (aud) => claim(scene, { aud })),
  },
  {
    id: 'C11',
    attack: '`aud` that is longer, shorter, in other case, with a slash',
    force: 'MUST',
    reference: 'RFC 7519 §4.1.3',
    tokens: (scene) => {
      const { audience } = scene.issuer;
      const variants = [`${audience}/`, `${audience}.evil`, audience.slice(0, -1), audience.toUpperCase()];
      return each([...variants, `x${audience}`, `${audience} ${audience}`], (aud) => claim(scene, { aud }));
    },
  },
  {
    id: 'C12',
    attack: '`aud` nested, as a key, or beside what is no string',
    force: 'MUST',
    reference: 'RFC 7519 §4.1.3',
    policy: 'an array with something in it that is no string is refused, even beside our own name',
    tokens: (scene) => {
      const { audience } = scene.issuer;
      return each([[[audience]], { [audience]: 1 }, [audience, 1], [audience, null]], (aud) =>
        claim(scene, { aud }),
      );
    },
  },
  {
    id: 'C13',
    attack: 'a Host header that names the audience of the token',
    force: 'HARD',
    reference: 'RFC 8725 §3.9',
    tokens: (scene) => each(['evil.example', 'http://evil.example'], (aud) => claim(scene, { aud })),
    headers: ['host', 'evil.example', 'x-forwarded-host', 'evil.example'],
  },
  {
    id: 'C14',
    attack: '`iss` is missing, another, a prefix, in other case, with another port or slash',
    force: 'MUST',
    reference: 'RFC 9068 §4, RFC 7519 §4.1.1',
    tokens: (scene) => {
      const { issuer } = scene.issuer;
      const variants = [`${issuer}/`, issuer.slice(0, -1), issuer.toUpperCase(), `${issuer}.evil.example`];
      const others = [
        undefined,
        null,
        '',
        'https://xn--e1awd7f.example',
        issuer.replace('127.0.0.1', 'localhost'),
      ];
      return each([...variants, ...others], (iss) => claim(scene, { iss }));
    },
  },
  {
    id: 'C15',
    attack: '`iss` is an array or an object with the good one',
    force: 'MUST',
    reference: 'RFC 7519 §4.1.1',
    tokens: (scene) => {
      const { issuer } = scene.issuer;
      return each([[issuer], [issuer, 'https://evil.example'], { [issuer]: 1 }], (iss) =>
        claim(scene, { iss }),
      );
    },
  },
  {
    id: 'C16',
    attack: '`iss` of an issuer that is not configured: nothing is fetched from it',
    force: 'MUST',
    reference: 'RFC 8725 §3.8',
    tokens: (scene) => ({ other: claim(scene, { iss: scene.other.issuer }, scene.other.keys[0]) }),
  },
  {
    id: 'C17',
    attack: '`iss` names a member of every object',
    force: 'HARD',
    reference: 'RFC 7519 §4.1.1',
    tokens: (scene) => each(['__proto__', 'constructor', 'toString'], (iss) => claim(scene, { iss })),
  },
  {
    id: 'C19',
    attack: 'another kind of JWT: `typ` of a logout token, a DPoP proof, a security event',
    force: 'MUST',
    reference: 'RFC 8725 §3.11, RFC 9068 §4',
    tokens: (scene) =>
      each(
        ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'at+jwt; v=1', 'at+jwt ', 'at', '', 'text/at+jwt'],
        (typ) => head(scene, { typ }),
      ),
  },
  {
    id: 'C19',
    attack: 'an ID token, or any without `typ`, where the profile is asked for',
    force: 'STRICT',
    reference: 'RFC 9068 §4',
    tokens: (scene) => each(['JWT', undefined, 'jwt'], (typ) => head(scene, { typ })),
    route: STRICT,
  },
  {
    id: 'C19',
    attack:
      'an ID token, a logout token, a security event whose `aud` names the API and whose `typ` tells nothing',
    force: 'POLICY',
    reference: 'RFC 8725 §3.12, OpenID Connect Core §3.1.3.6, RFC 8417 §2.2',
    policy: 'refused by what only they carry, unless `requiredClaims` names it',
    tokens: (scene) =>
      each(
        [
          { at_hash: 'x' },
          { c_hash: 'x' },
          { s_hash: 'x' },
          { events: { [LOGOUT_EVENT]: {} } },
          { events: { [SESSION_EVENT]: {} } },
        ],
        (claims) => head(scene, { typ: 'JWT' }, { payload: scene.issuer.claims(claims) }),
      ),
    good: (scene) => head(scene, { typ: 'JWT' }),
  },
  {
    id: 'C19',
    attack: 'an ID token where `requiredClaims` asks for one',
    force: 'POLICY',
    reference: 'OpenID Connect Core §3.1.3.6',
    status: 200,
    tokens: (scene) => ({ at_hash: claim(scene, { at_hash: 'x' }) }),
    good: (scene) => claim(scene, { at_hash: 'y' }),
    route: () => ({ auth: { requiredClaims: { at_hash: present } } }),
  },
  {
    id: 'C20',
    attack: '`typ` in other case, with `application/`',
    force: 'MUST',
    reference: 'RFC 9068 §4, RFC 7515 §4.1.9',
    status: 200,
    tokens: (scene) =>
      each(['AT+JWT', 'application/at+jwt', 'Application/At+Jwt'], (typ) => head(scene, { typ })),
    route: STRICT,
  },
  {
    id: 'C21',
    attack: '`sub`, `client_id`, `jti`, `iat` or `aud` is missing, where the profile is asked for',
    force: 'STRICT',
    reference: 'RFC 9068 §2.2',
    tokens: (scene) =>
      each(['sub', 'client_id', 'jti', 'iat', 'aud'], (name) => claim(scene, { [name]: undefined })),
    route: STRICT,
  },
  {
    id: 'C22',
    attack: '`sub`, `jti` or `client_id` is no string',
    force: 'MUST',
    reference: 'RFC 7519 §4.1.2',
    tokens: (scene) =>
      each([{ sub: 1 }, { sub: {} }, { sub: null }, { jti: 7 }, { client_id: ['a'] }], (claims) =>
        claim(scene, claims),
      ),
  },
];
