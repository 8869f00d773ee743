import { claim, each, head, published, type Attack } from './attack.js';

/** A. Which of the issuer's keys a token is verified with. */
export const KEY_CHOICE_ATTACKS: readonly Attack[] = [
  {
    id: 'A13',
    attack: 'a key of its own in the header (`jwk`), with a real kid and without',
    force: 'MUST',
    reference: 'RFC 7515 §4.1.3, RFC 8725 §3.8',
    tokens: (scene) => {
      const { stranger: key, es256 } = scene.keys;
      const jwk = key.publicJwk;
      return {
        'real kid': head(scene, { jwk, kid: es256.kid }, { key }),
        'own kid': head(scene, { jwk }, { key }),
        'no kid': head(scene, { jwk, kid: undefined }, { key }),
      };
    },
  },
  {
    id: 'A14',
    attack: '`jku` and `x5u` that lead elsewhere: nothing is fetched',
    force: 'MUST',
    reference: 'RFC 8725 §3.10',
    tokens: (scene) =>
      each(
        [
          'https://evil.example/jwks',
          'http://127.0.0.1:9/jwks',
          'http://169.254.169.254/',
          'file:///etc/passwd',
        ],
        (url) => head(scene, { jku: url, x5u: url }, { key: scene.keys.stranger }),
      ),
  },
  {
    id: 'A15',
    attack: 'a certificate chain of its own (`x5c`)',
    force: 'MUST',
    reference: 'RFC 7515 §4.1.6',
    tokens: (scene) => {
      const { stranger: key, es256 } = scene.keys;
      const x5c = [key.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')];
      return { x5c: head(scene, { x5c, kid: es256.kid }, { key }) };
    },
  },
  {
    id: 'A16',
    attack: 'a kid that is a path, SQL, a command, a URL, long, with NUL or line breaks',
    force: 'MUST',
    reference: 'RFC 8725 §3.10',
    tokens: (scene) =>
      each(
        [
          '../../../dev/null',
          "' OR 1=1--",
          '; id',
          'https://evil.example/k',
          'k'.repeat(10_000),
          '\0',
          'a\nb\r\nc',
          '',
        ],
        (kid) => head(scene, { kid }),
      ),
  },
  {
    id: 'A17',
    attack: 'a kid that names a member of every object',
    force: 'HARD',
    reference: 'RFC 7515 §4.1.4',
    tokens: (scene) =>
      each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'], (kid) => head(scene, { kid })),
  },
  {
    id: 'A18',
    attack: 'a kid that is no string',
    force: 'MUST',
    reference: 'RFC 7515 §4.1.4',
    tokens: (scene) =>
      each([0, 1, [], {}, null, true, [scene.keys.es256.kid]], (kid) => head(scene, { kid })),
  },
  {
    id: 'A19',
    attack: 'no kid, and several keys that fit',
    force: 'POLICY',
    reference: 'RFC 7515 §4.1.4',
    policy: 'refused: trying them all would let other keys of the issuer decide',
    tokens: (scene) => ({ 'no kid': head(scene, { kid: undefined }) }),
    route: (keys) => ({ jwks: [...published(keys), keys.stranger.publicJwk] }),
  },
  {
    id: 'A20',
    attack: 'no kid, and exactly one key that fits',
    force: 'POLICY',
    reference: 'RFC 7515 §4.1.4',
    policy: 'accepted: there is no choice to be made',
    status: 200,
    tokens: (scene) => ({ 'no kid': head(scene, { kid: undefined }) }),
  },
  {
    id: 'A21',
    attack: 'one kid for several keys: another key than those',
    force: 'POLICY',
    reference: 'RFC 7517 §4.5',
    policy: 'those whose algorithm fits are tried, at most three, and no others',
    tokens: (scene) => ({ stranger: head(scene, { kid: 'twice' }, { key: scene.keys.stranger }) }),
    good: (scene) => head(scene, { kid: 'twice' }),
    route: ({ es256, rs256 }) => ({
      jwks: [es256, rs256].map(({ publicJwk }) => ({ ...publicJwk, kid: 'twice' })),
    }),
  },
  {
    id: 'A22',
    attack: 'two issuers with one kid: the key of the one for a token of the other',
    force: 'MUST',
    reference: 'RFC 8725 §3.8',
    tokens: (scene) => ({
      'theirs, by our key': claim(scene, { iss: scene.other.issuer }),
      'ours, by their key': claim(scene, {}, scene.other.keys[0]),
    }),
    route: (keys, other) => ({
      jwks: published(keys),
      auth: ({ issuer, audience }) => ({
        issuers: [issuer, other.issuer].map((one) => ({ issuer: one, audience })),
        keys: { bootstrap: 'require' },
      }),
    }),
  },
];
