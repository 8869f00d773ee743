import type { AsymmetricKeyDetails } from 'node:crypto';

/* Keys that OpenSSL imports without an error, although a signature under them proves nothing or costs too much. */

/** RFC 7518 §3.3. */
const MIN_RSA_BITS = 2_048;
/** Larger keys cost more than they protect: one check of a signature takes milliseconds. */
const MAX_RSA_BITS = 8_192;
const MAX_RSA_EXPONENT = 2n ** 32n;

/** True for an RSA key of a length and an exponent that are accepted, whose modulus is odd and has no fingerprint of ROCA. */
export function isSoundRsaKey(
  modulus: bigint,
  { modulusLength = 0, publicExponent = 0n }: AsymmetricKeyDetails = {},
): boolean {
  return (
    modulusLength >= MIN_RSA_BITS &&
    modulusLength <= MAX_RSA_BITS &&
    publicExponent >= 3n &&
    publicExponent % 2n === 1n &&
    publicExponent < MAX_RSA_EXPONENT &&
    modulus % 2n === 1n &&
    !isRocaModulus(modulus)
  );
}

const SMALL_PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] as const;

/** For each small prime, the powers of 65537 modulo it. */
const POWERS_OF_65537 = SMALL_PRIMES.map((prime) => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65537) % prime) powers.add(power);
  return powers;
});

/**
 * True for a modulus with the fingerprint of ROCA (CVE-2017-15361): modulo every small prime it is a power of 65537,
 * which by chance happens to one modulus in 2^27.
 */
export function isRocaModulus(modulus: bigint): boolean {
  return SMALL_PRIMES.every((prime, i) => POWERS_OF_65537[i]?.has(Number(modulus % BigInt(prime))));
}

/** The field of Ed25519, and the d of its curve (RFC 8032 §5.1). */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** The y coordinates of the points of order 1, 2, 4 and 8 on Ed25519 (RFC 8032 §5.1), and of their unreduced twins. */
const SMALL_ORDER_Y = new Set([
  0n,
  1n,
  P - 1n,
  P,
  P + 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]);

/** True for an Ed25519 public key (32 bytes) of small order: signatures for every message can be made up for it. */
export const isSmallOrderPoint = (publicKey: Buffer): boolean => SMALL_ORDER_Y.has(yOf(publicKey));

/** True for 32 bytes that encode a point, in the one way that there is (RFC 8032 §5.1.3): y reduced, x a root. */
export function isOnEdwards25519(publicKey: Buffer): boolean {
  const y = yOf(publicKey);
  if (y >= P) return false;
  // x² = (y² - 1) / (d y² + 1) has a root if numerator times denominator has one (Euler's criterion).
  const squared = (y * y) % P;
  const product = ((squared + P - 1n) * (D * squared + 1n)) % P;
  return product === 0n || toThePower(product, (P - 1n) / 2n) === 1n;
}

/** Little-endian; the highest bit is the sign of x. */
const yOf = (publicKey: Buffer): bigint =>
  BigInt.asUintN(255, BigInt(`0x${Buffer.from(publicKey.toReversed()).toString('hex')}`));

function toThePower(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bits = exponent, square = base; bits > 0n; bits >>= 1n, square = (square * square) % P) {
    if (bits % 2n === 1n) result = (result * square) % P;
  }
  return result;
}
