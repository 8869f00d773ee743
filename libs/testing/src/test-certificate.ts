import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its private key, in PEM. */
export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** How long a certificate is valid, both before and after now. */
const VALIDITY_MS = 3_600_000;
const NAME = 'test issuer';
/** DER types (X.690 §8). */
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const explicit = (tag: number): number => 0xa0 + tag;
/** Object identifiers, encoded. */
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const SUBJECT_ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';
/** `127.0.0.1` and `localhost` as GeneralNames (RFC 5280 §4.2.1.6). */
const LOOPBACK_NAMES = [der(0x87, Buffer.of(127, 0, 0, 1)), der(0x82, Buffer.from('localhost'))];

/**
 * Creates a self-signed certificate for 127.0.0.1 and localhost (RFC 5280), for the `tls` option of `startTestIssuer`.
 * Clients refuse it unless they are configured to trust it: `new https.Agent({ ca: tls.cert })`.
 */
export function createTestCertificate(): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectId(ECDSA_WITH_SHA256));
  const name = sequence(der(SET, sequence(objectId(COMMON_NAME), der(UTF8_STRING, Buffer.from(NAME)))));
  const now = Date.now();
  const toBeSigned = sequence(
    der(explicit(0), der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now - VALIDITY_MS), time(now + VALIDITY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(explicit(3), sequence(basicConstraints(), subjectAltName())),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, algorithm, der(BIT_STRING, Buffer.of(0), signature));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: asPem(certificate) };
}

/** Marks the certificate as a CA, so that a client can trust it as one. */
const basicConstraints = (): Buffer => {
  const isAuthority = sequence(der(BOOLEAN, Buffer.of(0xff)));
  return sequence(objectId(BASIC_CONSTRAINTS), der(BOOLEAN, Buffer.of(0xff)), der(OCTET_STRING, isAuthority));
};

const subjectAltName = (): Buffer =>
  sequence(objectId(SUBJECT_ALT_NAME), der(OCTET_STRING, sequence(...LOOPBACK_NAMES)));

const sequence = (...parts: Buffer[]): Buffer => der(SEQUENCE, ...parts);
const objectId = (encoded: string): Buffer => der(OBJECT_ID, Buffer.from(encoded, 'hex'));

/** UTCTime, with two digits for the year: RFC 5280 §4.1.2.5.1 requires it until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\.\d+|[-:T]/g, '');
  return der(UTC_TIME, Buffer.from(digits.slice(2)));
}

/** Type, length, value; a length over 127 is preceded by the number of its bytes. */
function der(type: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const hex = value.length.toString(16);
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const prefix = value.length < 128 ? [] : [0x80 + length.length];
  return Buffer.concat([Buffer.of(type, ...prefix), length, value]);
}

function asPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
