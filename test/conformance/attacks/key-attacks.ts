import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { TestKey } from 'nestjs-jwks-auth/testing';
import { claim, head, published, type Attack, type AttackKeys, type AttackScene } from './attack.js';

/** The stranger's key, published with something about it that is wrong. */
const spoilt = (keys: AttackKeys, changes: object): object => ({ ...keys.stranger.publicJwk, ...changes });
const byStranger = (scene: AttackScene): string => claim(scene, {}, scene.keys.stranger);
const refusesStranger = (...spoilers: readonly object[]): Pick<Attack, 'tokens' | 'route'> => ({
  tokens: (scene) => ({ 'under that key': byStranger(scene) }),
  route: (keys) => ({ jwks: [...published(keys), ...spoilers.map((changes) => spoilt(keys, changes))] }),
});

const rsa = (
  modulusLength: number,
  publicExponent: number,
): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent });
const CUBIC = rsa(2_048, 3);
const TINY = rsa(1_024, 65_537);
const asKey = (kid: string, pair: typeof CUBIC): TestKey =>
  ({ kid, algorithm: 'RS256', ...pair, publicJwk: {} }) as unknown as TestKey;
const asJwk = (kid: string, { publicKey }: typeof CUBIC, changes: object = {}): object => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  ...changes,
});
/** The same number, with its last bit cleared. */
const even = (n: string | undefined): string => {
  const bytes = Buffer.from(n ?? '', 'base64url');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) & 0xfe;
  return bytes.toString('base64url');
};
const OTHER_N = rsa(2_048, 65_537);
const TENANT = 'https://login.example/tenant-x/v2.0';

/** A. Which keys of a set are used at all. */
export const KEY_ATTACKS: readonly Attack[] = [
  {
    id: 'A8',
    attack: 'a key with `use: enc`',
    force: 'MUST',
    reference: 'RFC 7517 §4.2',
    ...refusesStranger({ use: 'enc' }),
  },
  {
    id: 'A9',
    attack: 'a key whose `key_ops` lack verify',
    force: 'MUST',
    reference: 'RFC 7517 §4.3',
    ...refusesStranger({ use: undefined, key_ops: ['sign'] }, { use: undefined, key_ops: ['encrypt'] }),
  },
  {
    id: 'A10',
    attack: '`use` and `key_ops` of a wrong type, or with repetitions',
    force: 'HARD',
    reference: 'RFC 7517 §4.2, §4.3',
    ...refusesStranger(
      { use: 0 },
      { use: ['sig'] },
      { key_ops: 'verify' },
      { key_ops: {} },
      { key_ops: ['verify', 'verify'] },
      { key_ops: ['verify', 0] },
    ),
  },
  {
    id: 'A23, C18',
    attack: "a key of another tenant (Entra's `issuer` member), or a `tid` that is not the tenant of `iss`",
    force: 'HARD',
    reference: 'Microsoft identity platform, RFC 8725 §3.8',
    policy: 'a key that says for whom it signs is taken at its word',
    tokens: (scene) => ({
      'key of tenant-x': claim(scene, { tid: 'tenant-y' }, scene.keys.rs256),
      'key for all, tid of tenant-x': claim(scene, { tid: 'tenant-x' }, scene.keys.ps256),
      'key for all, no tid': claim(scene, {}, scene.keys.ps256),
    }),
    good: (scene) => claim(scene, { tid: 'tenant-y' }, scene.keys.ps256),
    route: ({ rs256, ps256 }) => ({
      path: '/tenant-y/v2.0',
      jwks: [
        { ...rs256.publicJwk, issuer: TENANT },
        { ...ps256.publicJwk, issuer: TENANT.replace('tenant-x', '{tenantid}') },
      ],
    }),
  },
  {
    id: 'A26',
    attack: 'RSA keys that are short, or have an even modulus or exponent, or an exponent of 1',
    force: 'HARD',
    reference: 'RFC 7518 §3.3, RFC 8017 §3.1',
    tokens: (scene) => ({
      'short key': head(scene, {}, { key: asKey('tiny', TINY) }),
      'even modulus': head(scene, {}, { key: asKey('even', OTHER_N) }),
      'e = 1': head(scene, {}, { key: asKey('one', OTHER_N) }),
      'e = 2': head(scene, {}, { key: asKey('two', OTHER_N) }),
    }),
    route: (keys) => ({
      jwks: [
        ...published(keys),
        asJwk('tiny', TINY),
        asJwk('even', OTHER_N, { n: even(OTHER_N.publicKey.export({ format: 'jwk' }).n) }),
        asJwk('one', OTHER_N, { e: 'AQ' }),
        asJwk('two', OTHER_N, { e: 'Ag' }),
      ],
    }),
  },
  {
    id: 'A26',
    attack: 'an RSA key with the exponent 3',
    force: 'POLICY',
    reference: 'RFC 8017 §3.1',
    policy: 'accepted: signatures under it are sound where the padding is checked in full',
    status: 200,
    tokens: (scene) => ({ 'e = 3': head(scene, {}, { key: asKey('cubic', CUBIC) }) }),
    route: (keys) => ({ jwks: [...published(keys), asJwk('cubic', CUBIC)] }),
  },
  {
    id: 'A27',
    attack: 'an EC point off the curve, of another curve, swapped, short, long or zero',
    force: 'MUST',
    reference: 'RFC 8725 §3.4, RFC 7518 §6.2.1',
    tokens: (scene) => ({ 'under that key': byStranger(scene) }),
    route: (keys) => {
      const { x, y } = keys.stranger.publicJwk as unknown as { x: string; y: string };
      const zero = Buffer.alloc(32).toString('base64url');
      const changes = [
        { y: keys.es256.publicJwk['y'] },
        { crv: 'P-384' },
        { crv: 'secp256k1' },
        { x: y, y: x },
        { x: x.slice(0, -2) },
        { y: `AAAA${y}` },
        { x: zero, y: zero },
        { y: undefined },
        { x: `${x}=` },
      ];
      return { jwks: [...changes.map((change) => spoilt(keys, change)), ...published(keys)] };
    },
  },
  {
    id: 'A29',
    attack: 'a key that is published with its private half',
    force: 'POLICY',
    reference: 'RFC 7517 §9.2',
    policy: 'that key is left out and reported in the log; the others go on working',
    ...refusesStranger({ d: 'AAAA' }),
  },
];
