import { forgeToken } from '../../../libs/testing/src/minting.js';
import { claim, each, head, type Attack, type AttackScene } from './attack.js';

const partsOf = (scene: AttackScene): [string, string, string] =>
  claim(scene, {}).split('.') as [string, string, string];
const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const withHeader = (scene: AttackScene, header: string): string =>
  forgeToken({ header, payload: scene.issuer.claims(), key: scene.keys.es256 });
const withPayload = (scene: AttackScene, payload: string | Buffer): string => head(scene, {}, { payload });

/** B. How tokens are written down. */
export const ENCODING_ATTACKS: readonly Attack[] = [
  {
    id: 'B11',
    attack: '0, 1, 2, 4 and 6 parts, empty parts, dots at either end, nothing but dots',
    force: 'MUST',
    reference: 'RFC 7515 §7.1',
    tokens: (scene) => {
      const [h, p, s] = partsOf(scene);
      const tokens = [h, `${h}.${p}`, `${h}.${p}.${s}.${s}`, `${h}.${p}.${s}.${s}.${s}.${s}`];
      const empty = [`.${p}.${s}`, `${h}..${s}`, `..${s}`, '..', '.'];
      const ends = [`.${h}.${p}.${s}`, `${h}.${p}.${s}.`, '.'.repeat(8_000), '.'.repeat(14_000)];
      return Object.fromEntries([...tokens, ...empty, ...ends].map((token, i) => [String(i), token]));
    },
  },
  {
    id: 'B13, B14',
    attack: 'a JWE, and one with a bomb or a costly key derivation in it',
    force: 'MUST',
    reference: 'RFC 8725 §3.3, RFC 7516 §9, CVE-2024-28176, CVE-2024-33664',
    tokens: (scene) => {
      const [, p, s] = partsOf(scene);
      const jwe = (header: object): string => [encode(header), s, s, p, s].join('.');
      return {
        JWE: jwe({ alg: 'RSA-OAEP', enc: 'A256GCM' }),
        'B14 zip': jwe({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }),
        'B14 PBES2': jwe({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'AAAA' }),
        'five parts of a JWS header': jwe({ alg: 'none' }),
      };
    },
  },
  {
    id: 'B15, B25',
    attack: 'JWS in JSON serialization, flattened and general',
    force: 'MUST',
    reference: 'RFC 7519 §3, RFC 6750 §2.1',
    status: 400,
    tokens: (scene) => {
      const [h, payload, signature] = partsOf(scene);
      return {
        flattened: JSON.stringify({ protected: h, payload, signature }),
        general: JSON.stringify({ payload, signatures: [{ protected: h, signature }] }),
        'B25 alg unprotected': JSON.stringify({ header: { alg: 'ES256' }, payload, signature }),
      };
    },
  },
  {
    id: 'B17',
    attack: '`crit` that is empty, no array, repeats, names a standard or an absent member',
    force: 'MUST',
    reference: 'RFC 7515 §4.1.11',
    tokens: (scene) =>
      each([[], 'exp', {}, null, ['exp', 'exp'], ['alg'], ['absent'], [''], [1], ['exp']], (crit) =>
        head(scene, { crit, exp: 1 }),
      ),
  },
  {
    id: 'B18',
    attack: '`b64`, with `crit` and without',
    force: 'MUST',
    reference: 'RFC 7797 §7',
    policy: 'refused whatever its value: a JWT does not use it',
    tokens: (scene) => ({
      'false, critical': head(scene, { b64: false, crit: ['b64'] }),
      'true, critical': head(scene, { b64: true, crit: ['b64'] }),
      false: head(scene, { b64: false }),
    }),
  },
  {
    id: 'B20',
    attack: 'members of the header twice, where the last one is bad',
    force: 'POLICY',
    reference: 'RFC 7515 §4',
    policy: 'the last one counts, everywhere: what was checked is what is handed on',
    tokens: (scene) => {
      const { kid } = scene.keys.es256;
      return {
        alg: withHeader(scene, `{"alg":"ES256","kid":"${kid}","alg":"none"}`),
        kid: withHeader(scene, `{"alg":"ES256","kid":"${kid}","kid":"nobody"}`),
        typ: withHeader(scene, `{"alg":"ES256","kid":"${kid}","typ":"at+jwt","typ":"dpop+jwt"}`),
      };
    },
    good: (scene) => withHeader(scene, `{"alg":"none","kid":"${scene.keys.es256.kid}","alg":"ES256"}`),
  },
  {
    id: 'B21',
    attack: 'a header that is no object, or whose `alg` is missing or no string',
    force: 'MUST',
    reference: 'RFC 7515 §5.2',
    tokens: (scene) => ({
      ...each(['[]', 'null', '1', '"ES256"', '', '{', '\u{feff}{}'], (header) => withHeader(scene, header)),
      ...each([undefined, null, 1, ['ES256'], {}], (alg) => head(scene, { alg })),
      'typ no string': head(scene, { typ: ['at+jwt'] }),
    }),
  },
  {
    id: 'B23',
    attack: 'a payload that is no JSON, with a byte order mark, no UTF-8',
    force: 'MUST',
    reference: 'RFC 8259 §8.1, RFC 7519 §7.2',
    tokens: (scene) => {
      const claims = JSON.stringify(scene.issuer.claims({ name: 'é' }));
      return {
        half: withPayload(scene, claims.slice(0, -1)),
        'comma at the end': withPayload(scene, `${claims.slice(0, -1)},}`),
        'byte order mark': withPayload(scene, `\u{feff}${claims}`),
        'Latin-1': withPayload(scene, Buffer.from(claims, 'latin1')),
        'UTF-16': withPayload(scene, Buffer.from(claims, 'utf16le')),
        empty: withPayload(scene, ''),
      };
    },
  },
  {
    id: 'B24',
    attack: 'a payload that is an array, null, a number, a string',
    force: 'MUST',
    reference: 'RFC 7519 §7.2',
    tokens: (scene) =>
      each(['[]', 'null', '1', '"claims"', 'true'], (payload) => withPayload(scene, payload)),
  },
];
