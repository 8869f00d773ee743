import { constants, createHash, privateEncrypt, publicDecrypt, type KeyObject } from 'node:crypto';

/** The encoded message inside an RSA signature (RFC 8017 §8.1.2 step 2); undefined when it is out of range. */
export function openRsa(publicKey: KeyObject, signature: Buffer): Buffer | undefined {
  try {
    return publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return undefined;
  }
}

/** The signature of any encoded message, however wrong it is. */
export const sealRsa = (privateKey: KeyObject, encoded: Buffer): Buffer =>
  privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);

export const digest = (hash: string, message: Buffer): Buffer => createHash(hash).update(message).digest();

/** The encoding of PSS, whose salt is as long as the digest (RFC 8017 §9.1.1). */
export function encodePss(hash: string, message: Buffer, salt: Buffer, length: number): Buffer {
  const h = digest(hash, Buffer.concat([Buffer.alloc(8), digest(hash, message), salt]));
  const db = Buffer.concat([Buffer.alloc(length - 2 * h.length - 2), Buffer.of(1), salt]);
  const masked = xor(db, mgf1(hash, h, db.length));
  masked[0] = masked.readUInt8(0) & 0x7f;
  return Buffer.concat([masked, h, Buffer.of(0xbc)]);
}

/** The salt inside an encoded message, wherever the rest of it is right. */
export function saltOf(hash: string, encoded: Buffer): Buffer {
  const { length } = digest(hash, Buffer.alloc(0));
  const masked = encoded.subarray(0, encoded.length - length - 1);
  const h = encoded.subarray(masked.length, masked.length + length);
  return xor(masked, mgf1(hash, h, masked.length)).subarray(-length);
}

export const xor = (one: Buffer, other: Buffer): Buffer =>
  Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));

/** RFC 8017 §B.2.1. */
function mgf1(hash: string, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; blocks.length * digest(hash, seed).length < length; counter += 1) {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    blocks.push(digest(hash, Buffer.concat([seed, suffix])));
  }
  return Buffer.concat(blocks).subarray(0, length);
}
