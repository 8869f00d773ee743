import { createPrivateKey, createPublicKey, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SIGNING_ALGORITHMS, type TestAlgorithm } from '../../libs/testing/src/signing-algorithm.js';
import { ALGORITHMS } from '../../src/jwk/algorithms.js';
import { digest, encodePss, openRsa, saltOf, sealRsa, xor } from './rsa-encoding.js';
import type { WycheproofCase, WycheproofGroup } from './wycheproof.js';

/** The order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Makes the mistakes of Wycheproof's cases in tokens with claims of ours, under the keys that the cases carry. */
export class WycheproofForger {
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  private readonly algorithm: string;
  private readonly valid: readonly string[];

  constructor({ public: publicJwk, private: privateJwk, tests }: WycheproofGroup<JsonWebKey>) {
    this.privateKey = createPrivateKey({ key: privateJwk, format: 'jwk' });
    this.publicKey = createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' });
    const first = tests[0] as WycheproofCase;
    this.valid = (tests.find(({ result }) => result === 'valid') ?? first).jws.split('.');
    const header = JSON.parse(Buffer.from(first.jws.split('.')[0] ?? '', 'base64url').toString());
    this.algorithm = (header as { alg: string }).alg;
  }

  /** The token of ours, `header.payload`, with the mistake that this case makes. */
  forge(one: WycheproofCase, header: object, payload: object): string {
    const [h, p] = [{ ...header, alg: this.algorithm }, payload].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    ) as [string, string];
    const ours = Buffer.from(`${h}.${p}`);
    const parts = one.jws.split('.');
    // RS256 where PS512 is due, and so on.
    const [, other] = /^Using([RP]S\d+)$/.exec(one.comment) ?? [];
    const signature = this.sign(ours, other);
    if (one.result === 'valid' || other !== undefined) return `${h}.${p}.${signature.toString('base64url')}`;
    if (/^Modified(Padding|Signature)$/.test(one.flags[0] ?? '')) {
      return `${h}.${p}.${this.resealed(parts as never, ours).toString('base64url')}`;
    }
    if (this.algorithm === 'ES256' && parts[0] === this.valid[0] && parts[1] === this.valid[1]) {
      return `${h}.${p}.${this.shifted(Buffer.from(parts[2] ?? '', 'base64url'), signature).toString('base64url')}`;
    }
    // Parts that are those of the valid case become ours; what is wrong stays wrong.
    const replaced = parts.map((part) =>
      replacement(part, this.valid, [h, p, signature.toString('base64url')]),
    );
    return replaced.join('.');
  }

  private sign(message: Buffer, algorithm = this.algorithm): Buffer {
    const { hash, parameters } = SIGNING_ALGORITHMS[algorithm as TestAlgorithm];
    return sign(hash, message, { key: this.privateKey, ...parameters });
  }

  /** The encoded message of the case, with the digest of our message in place of that of its own. */
  private resealed([h, p, s]: readonly [string, string, string], ours: Buffer): Buffer {
    const hash = ALGORITHMS.get(this.algorithm)?.hash ?? '';
    const theirs = Buffer.from(`${h}.${p}`);
    const encoded = openRsa(this.publicKey, Buffer.from(s, 'base64url'));
    // A number beyond the modulus holds no message: it stays what it is.
    if (encoded === undefined) return Buffer.from(s, 'base64url');
    if (this.algorithm.startsWith('PS')) {
      const salt = saltOf(hash, encoded);
      const mistake = xor(encoded, encodePss(hash, theirs, salt, encoded.length));
      const forged = xor(encodePss(hash, ours, salt, encoded.length), mistake);
      // It must stay smaller than the modulus; the highest bit is part of no mistake that matters then.
      forged[0] = forged.readUInt8(0) & 0x7f;
      return sealRsa(this.privateKey, forged);
    }
    const at = encoded.indexOf(digest(hash, theirs));
    if (at >= 0) digest(hash, ours).copy(encoded, at);
    return sealRsa(this.privateKey, encoded);
  }

  /** Our R and S, as far from the true ones as those of the case are from its own; 0, 1, n - 1 and n as they are. */
  private shifted(theirs: Buffer, ours: Buffer): Buffer {
    const valid = halves(Buffer.from(this.valid[2] ?? '', 'base64url'));
    const half = theirs.length / 2;
    const numbers = halves(theirs).map((number, i) => {
      if (number <= 1n || number === N || number === N - 1n) return number;
      return (halves(ours)[i] ?? 0n) + number - (valid[i] ?? 0n);
    });
    return Buffer.concat(numbers.map((number) => bytesOf(number, half)));
  }
}

const halves = (signature: Buffer): readonly bigint[] =>
  [signature.subarray(0, signature.length / 2), signature.subarray(signature.length / 2)].map((half) =>
    BigInt(`0x${half.toString('hex') || '0'}`),
  );

const bytesOf = (number: bigint, length: number): Buffer =>
  Buffer.from(
    BigInt.asUintN(length * 8, number)
      .toString(16)
      .padStart(length * 2, '0'),
    'hex',
  );

function replacement(part: string, from: readonly string[], to: readonly string[]): string {
  const index = from.indexOf(part);
  return index < 0 ? part : (to[index] ?? part);
}
