import { generateKeyPairSync } from 'node:crypto';
import { forgeToken } from '../../../libs/testing/src/minting.js';
import { each, head, hmac, published, type Attack, type AttackScene } from './attack.js';

const hs256 = (scene: AttackScene, secret: string | Buffer, kid = scene.keys.rs256.kid): string =>
  head(scene, { alg: 'HS256', kid }, { signature: hmac(secret) });
const OCTETS = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url'), kid: 'octets', alg: 'HS256' };

/** A. Which algorithm a token is verified with. */
export const ALGORITHM_ATTACKS: readonly Attack[] = [
  {
    id: 'A1',
    attack: '`alg` none, without a signature and with a good one',
    force: 'MUST',
    reference: 'RFC 9068 §4, RFC 8725 §3.2',
    tokens: (scene) => ({
      empty: head(scene, { alg: 'none' }, { signature: 'none' }),
      signed: head(scene, { alg: 'none' }),
    }),
  },
  {
    id: 'A2',
    attack: '`alg` in odd case, or with something around it',
    force: 'MUST',
    reference: 'RFC 7515 §4.1.1, RFC 8725 §3.1',
    tokens: (scene) =>
      each(['nOnE', 'NONE', 'es256', 'Es256', 'ES256 ', 'ES256\0', 'ES2560', ''], (alg) =>
        head(scene, { alg }),
      ),
  },
  {
    id: 'A3',
    attack: 'HS256 keyed with the public key, in every form',
    force: 'MUST',
    reference: 'RFC 8725 §2.1, §3.1',
    tokens: (scene) => {
      const { publicKey, publicJwk } = scene.keys.rs256;
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
      return {
        PEM: hs256(scene, pem),
        'PEM trimmed': hs256(scene, pem.trim()),
        'PEM with leading space': hs256(scene, ` \n${pem}`),
        'PKCS 1': hs256(scene, publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
        DER: hs256(scene, publicKey.export({ type: 'spki', format: 'der' })),
        JWK: hs256(scene, JSON.stringify(publicJwk)),
      };
    },
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.rs256 }),
  },
  {
    id: 'A4',
    attack: 'HS256 with the empty key',
    force: 'MUST',
    reference: 'RFC 7518 §3.2',
    tokens: (scene) => ({ known: hs256(scene, ''), unknown: hs256(scene, '', 'nobody') }),
  },
  {
    id: 'A5',
    attack: 'a symmetric key in the key set',
    force: 'MUST',
    reference: 'RFC 8725 §3.1',
    tokens: (scene) => ({ octets: hs256(scene, Buffer.alloc(32, 7), OCTETS.kid) }),
    route: (keys) => ({ jwks: [...published(keys), OCTETS] }),
  },
  {
    id: 'A6',
    attack: 'a key without `alg`: the header picks one that is not configured, or does not fit the key',
    force: 'MUST',
    reference: 'RFC 8725 §3.1',
    tokens: (scene) => {
      const key = { ...scene.keys.rs256, algorithm: 'RS512' as const };
      return {
        'not configured': head(scene, { alg: 'RS512' }, { key }),
        'not fitting': head(scene, { alg: 'ES256', kid: key.kid }),
        symmetric: hs256(scene, 'secret'),
      };
    },
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.rs256 }),
    route: (keys) => ({
      jwks: published(keys).map((jwk) => ({ ...jwk, alg: undefined })),
      auth: { algorithms: ['RS256', 'ES256', 'PS256'] },
    }),
  },
  {
    id: 'A7',
    attack: 'the header names another algorithm than the key',
    force: 'MUST',
    reference: 'RFC 8725 §3.1, RFC 7517 §4.4',
    tokens: (scene) => ({
      RS512: head(scene, {}, { key: { ...scene.keys.rs256, algorithm: 'RS512' } }),
      PS256: head(scene, {}, { key: { ...scene.keys.rs256, algorithm: 'PS256' } }),
      ES384: head(scene, { alg: 'ES384' }),
    }),
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.rs256 }),
  },
  {
    id: 'A11',
    attack: 'the discovery document advertises HS256 and none',
    force: 'MUST',
    reference: 'RFC 8725 §3.1: what is accepted comes from the options alone',
    tokens: (scene) => ({
      HS256: hs256(scene, 'client-secret'),
      none: head(scene, { alg: 'none' }, { signature: 'none' }),
    }),
    route: (keys) => ({
      jwks: published(keys),
      metadata: { id_token_signing_alg_values_supported: ['HS256', 'none'] },
    }),
  },
  {
    id: 'A12',
    attack: 'the name Ed25519 where it was not asked for; Ed448',
    force: 'POLICY',
    reference: 'RFC 9864 §2.2',
    policy:
      'two names for one thing are accepted only if asked for, and a key that names one is not used for the other',
    tokens: (scene) => {
      const ed448 = generateKeyPairSync('ed448');
      return {
        Ed25519: head(scene, { alg: 'Ed25519' }, { key: scene.keys.eddsa }),
        Ed448: head(scene, { alg: 'EdDSA' }, { key: { ...scene.keys.eddsa, ...ed448 } }),
      };
    },
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.eddsa }),
  },
  {
    id: 'A12',
    attack: 'the name Ed25519 where it was asked for, under a key that names neither',
    force: 'POLICY',
    reference: 'RFC 9864 §2.2',
    status: 200,
    tokens: (scene) => ({ Ed25519: head(scene, { alg: 'Ed25519' }, { key: scene.keys.eddsa }) }),
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.eddsa }),
    route: ({ eddsa }) => ({
      jwks: [{ ...eddsa.publicJwk, alg: undefined }],
      auth: { algorithms: ['EdDSA', 'Ed25519'] },
    }),
  },
  {
    id: 'A28',
    attack: 'a PSS signature under RS256, and the reverse',
    force: 'MUST',
    reference: 'RFC 7518 §3.3, §3.5',
    tokens: (scene) => {
      const { rs256, ps256 } = scene.keys;
      const payload = scene.issuer.claims();
      return {
        'PSS under RS256': forgeToken({
          header: { alg: 'RS256', kid: rs256.kid },
          payload,
          key: { ...rs256, algorithm: 'PS256' },
        }),
        'PKCS 1 under PS256': forgeToken({
          header: { alg: 'PS256', kid: ps256.kid },
          payload,
          key: { ...ps256, algorithm: 'RS256' },
        }),
      };
    },
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.ps256 }),
  },
];
