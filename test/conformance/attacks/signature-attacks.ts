import { sign } from 'node:crypto';
import { signWith } from '../../../libs/testing/src/test-key.js';
import { claim, each, head, type Attack, type AttackScene } from './attack.js';

/** The order of P-256, and that of Ed25519. */
const N = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const number = (value: 0 | 1): Buffer => Buffer.concat([Buffer.alloc(31), Buffer.of(value)]);
const minusOne = Buffer.from(N);
minusOne[31] = (N[31] ?? 0) - 1;

const signed = (
  scene: AttackScene,
  change: (signature: Buffer) => Uint8Array,
  key = scene.keys.es256,
): string => head(scene, {}, { key, signature: (input) => change(signWith(key, input)) });
const littleEndian = (value: bigint): Buffer =>
  Buffer.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed());

/** B. How tokens are signed. */
export const SIGNATURE_ATTACKS: readonly Attack[] = [
  {
    id: 'B1',
    attack: 'ECDSA with R and S out of 0, 1, n - 1 and n',
    force: 'MUST',
    reference: 'RFC 7518 §3.4',
    tokens: (scene) => {
      const numbers = [number(0), number(1), minusOne, N];
      const pairs = numbers.flatMap((r, i) =>
        numbers.map((s, j) => [`${i},${j}`, Buffer.concat([r, s])] as const),
      );
      return Object.fromEntries(pairs.map(([name, signature]) => [name, head(scene, {}, { signature })]));
    },
  },
  {
    id: 'B2',
    attack: 'ECDSA in DER, with leading zeros, of other lengths',
    force: 'MUST',
    reference: 'RFC 7518 §3.4',
    tokens: (scene) => ({
      DER: head(scene, {}, { signature: (input) => sign('sha256', input, scene.keys.es256.privateKey) }),
      'leading zeros': signed(scene, (s) =>
        Buffer.concat([Buffer.alloc(1), s.subarray(0, 32), Buffer.alloc(1), s.subarray(32)]),
      ),
      '63 bytes': signed(scene, (s) => s.subarray(0, 63)),
      '65 bytes': signed(scene, (s) => Buffer.concat([s, Buffer.alloc(1)])),
      '96 bytes': signed(scene, (s) => Buffer.concat([s, Buffer.alloc(32)])),
    }),
  },
  {
    id: 'B3',
    attack: 'Ed25519 with S + L, of other lengths, with R of small order',
    force: 'MUST',
    reference: 'RFC 8032 §5.1.7',
    tokens: (scene) => {
      const { eddsa } = scene.keys;
      const plusL = (s: Buffer): Buffer => {
        const value = BigInt(`0x${Buffer.from(s.subarray(32).toReversed()).toString('hex')}`);
        return Buffer.concat([s.subarray(0, 32), littleEndian(value + L)]);
      };
      return {
        'S + L': signed(scene, plusL, eddsa),
        '63 bytes': signed(scene, (s) => s.subarray(0, 63), eddsa),
        '65 bytes': signed(scene, (s) => Buffer.concat([s, Buffer.alloc(1)]), eddsa),
        'R of small order': signed(scene, (s) => Buffer.concat([littleEndian(1n), s.subarray(32)]), eddsa),
        zero: signed(scene, (s) => Buffer.alloc(s.length), eddsa),
      };
    },
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.eddsa }),
  },
  {
    id: 'B3',
    attack: 'an Ed25519 key of small order, in every encoding, and the signature that fits every message',
    force: 'MUST',
    reference: 'RFC 8032 §5.1.3, RFC 8725 §3.4',
    tokens: (scene) => ({
      'R = A, S = 0': head(
        scene,
        { kid: 'small' },
        { key: scene.keys.eddsa, signature: Buffer.concat([littleEndian(1n), Buffer.alloc(32)]) },
      ),
    }),
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.eddsa }),
    route: ({ eddsa }) => {
      const p = 2n ** 255n - 19n;
      const points = [0n, 1n, p - 1n, p, p + 1n].flatMap((y) => [y, y + 2n ** 255n]).map(littleEndian);
      const jwk = (x: Buffer) => ({ kty: 'OKP', crv: 'Ed25519', kid: 'small', x: x.toString('base64url') });
      return { jwks: [...points.map(jwk), eddsa.publicJwk] };
    },
  },
  {
    id: 'B5',
    attack: 'PSS with a salt of another length; a signature without its leading zeros',
    force: 'MUST',
    reference: 'RFC 7518 §3.5, RFC 8017 §8.1.2',
    tokens: (scene) => {
      const { ps256 } = scene.keys;
      const salted = (saltLength: number): string => {
        const key = { key: ps256.privateKey, padding: 6, saltLength };
        return head(scene, {}, { key: ps256, signature: (input) => sign('sha256', input, key) });
      };
      return { ...each([0, 20, 31, 33, 64], salted), 'leading zero left out': withoutLeadingZero(scene) };
    },
    good: ({ issuer, keys }) => issuer.token({}, { key: keys.ps256 }),
  },
  {
    id: 'B12',
    attack: 'a signature that is truncated, empty, or of nothing but zeros',
    force: 'MUST',
    reference: 'RFC 7515 §5.2',
    tokens: (scene) => ({
      truncated: signed(scene, (s) => s.subarray(0, 40)),
      empty: head(scene, {}, { signature: 'none' }),
      zeros: signed(scene, (s) => Buffer.alloc(s.length)),
    }),
  },
];

/** One PSS signature in 256 begins with a zero. */
function withoutLeadingZero(scene: AttackScene): string {
  const { ps256 } = scene.keys;
  for (;;) {
    const token = claim(scene, {}, ps256);
    const [h, p, s] = token.split('.') as [string, string, string];
    const signature = Buffer.from(s, 'base64url');
    if (signature[0] === 0) return `${h}.${p}.${signature.subarray(1).toString('base64url')}`;
  }
}
