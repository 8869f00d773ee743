import { constants, verify } from 'node:crypto';
import { ALGORITHMS } from '../../jwk/algorithms.js';
import type { VerificationKey } from '../../jwk/verification-key.js';
import { ownValue } from '../../token/claim-path.js';
import { signsForIssuer } from '../../token/entra-tenant.js';
import { parseJws, type Jws } from '../../token/jws.js';
import { isSignedWith } from '../../token/signature.js';
import type { Examination } from '../examination.js';
import { error, type Finding } from '../finding.js';
import { reasonOf } from '../issuer/key-set-findings.js';
import { plural, quoted, quotedList } from '../words.js';

const kidOf = ({ token }: Examination): unknown => ownValue(token?.header, 'kid');

/** Why the issuer has no key for a token. */
export function unknownKey(examination: Examination): Finding {
  const { imported, options, token } = examination;
  const kid = kidOf(examination);
  const keys = imported?.keySet.keys ?? [];
  const alg = ownValue(token?.header, 'alg');
  const names = [...new Set(keys.flatMap((key) => key.algorithms.map(({ name }) => name)))];
  const isOtherAlgorithm = !names.some((name) => name === alg);
  if (kid === undefined && isOtherAlgorithm)
    return error(
      'key_algorithm_differs',
      `the token is signed with ${quoted(alg)}, and names no key (its header has no kid); the keys of the issuer are for ${quotedList(names)}`,
      'Request the token at this issuer; or have it publish the key that it signs with.',
    );
  if (kid === undefined)
    return error(
      'key_not_named',
      `the token names no key (its header has no kid), and ${keys.length === 0 ? 'no key fits' : `of ${plural(keys.length, 'key')} not exactly one fits its algorithm`}`,
      'Have the issuer write kid into the header (RFC 7515 §4.1.4).',
    );
  const left = imported?.unusable.find((one) => one.kid === kid);
  if (left !== undefined)
    return error(
      'key_left_out',
      `the key of the token, ${quoted(kid)}, is in the JWK Set and cannot be used: ${reasonOf(left)}`,
      'Have the issuer sign with a public RSA key of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519.',
    );
  const kids = keys.map((key) => key.kid ?? '(no kid)');
  const near = kids.find(
    (one) => String(kid).toLowerCase() === one.toLowerCase() || String(kid).trim() === one.trim(),
  );
  const hint =
    near === undefined ? '' : `: ${quoted(near)} differs in upper and lower case or in spaces alone`;
  const algorithms = isOtherAlgorithm
    ? `; the token is signed with ${quoted(alg)}, and those keys are for ${quotedList(names)}`
    : '';
  const configured =
    options.jwksUri === undefined
      ? ''
      : ' Compare jwksUri with the jwks_uri of the issuer: it may be that of another tenant or policy.';
  return error(
    'key_not_in_set',
    `the key of the token, ${quoted(kid)}, is not in the JWK Set, which has ${quotedList(kids)}${hint}${algorithms}`,
    `The token is of another tenant, environment or application (with Entra ID and B2C, of another policy or "?appid="), or its key was withdrawn: request a new token.${configured}`,
  );
}

/** Why the signature of a token is refused. */
export function badSignature(examination: Examination): Finding {
  const kid = kidOf(examination);
  const jws = parseJws(examination.token?.text ?? '');
  const named = examination.imported?.keySet.candidates(kid as string | undefined, undefined) ?? [];
  const keys = examination.imported?.keySet.keys ?? [];
  return (
    ofOtherIssuer(named, jws, examination) ??
    ofLength(jws, named) ??
    ofEncoding(jws, named) ??
    byOtherKey(jws, keys, kid) ??
    byOtherAlgorithm(jws, named) ??
    byItsOwnKey(jws) ??
    error(
      'bad_signature',
      `the signature does not fit the key ${kid === undefined ? 'of the issuer' : quoted(kid)}: the token was changed, or another key of that name signed it`,
      'Take the token as the issuer sent it. Where environments share kids (a copied realm, a test issuer), request the token at this issuer.',
    )
  );
}

function ofOtherIssuer(
  keys: readonly VerificationKey[],
  jws: Jws,
  { token }: Examination,
): Finding | undefined {
  const foreign = keys.find((key) => !signsForIssuer(key, token?.claims ?? {}) && isSignedWith(key, jws));
  if (foreign === undefined) return undefined;
  return error(
    'key_of_other_issuer',
    `the key ${quoted(foreign.kid)} signs for ${quoted(foreign.issuer)} alone, and the token is of ${quoted(ownValue(token?.claims, 'iss'))}`,
    'Request the token at this tenant. A template in the key needs "tid" in the token.',
  );
}

function ofLength({ signature, header }: Jws, keys: readonly VerificationKey[]): Finding | undefined {
  if (signature.length === 0)
    return error(
      'signature_missing',
      'the token has no signature: nothing follows its second dot',
      'Take the token as the issuer sent it: tools that show tokens leave the signature out.',
    );
  const expected = keys.find((key) => key.algorithms.some(({ name }) => name === header.alg))?.signatureBytes;
  if (expected === undefined || signature.length >= expected || isDer(signature)) return undefined;
  return error(
    'signature_truncated',
    `the signature has ${signature.length} bytes, and one by this key has ${expected}: the token is cut off, or signed by another key`,
    'Copy the whole token; look at limits of columns, cookies and variables.',
  );
}

/** An ASN.1 SEQUENCE, as OpenSSL and Java write a signature by ECDSA; RFC 7518 §3.4 has R and S side by side. */
const isDer = (signature: Buffer): boolean => signature[0] === 0x30 && signature[1] === signature.length - 2;

function ofEncoding(
  { signature, signingInput, header }: Jws,
  keys: readonly VerificationKey[],
): Finding | undefined {
  if (!isDer(signature)) return undefined;
  const hash = ALGORITHMS.get(header.alg)?.hash ?? null;
  if (!keys.some(({ keyObject }) => isValid(() => verify(hash, signingInput, keyObject, signature))))
    return undefined;
  return error(
    'signature_der',
    `the signature is right, and written in DER: ${header.alg} has R and S side by side (RFC 7518 §3.4)`,
    'Have the issuer write it so: dsaEncoding "ieee-p1363" in Node, SHA256withECDSAinP1363Format in Java.',
  );
}

/** The same key under another algorithm: an issuer that names the wrong one. */
function byOtherAlgorithm(
  { signature, signingInput, header }: Jws,
  keys: readonly VerificationKey[],
): Finding | undefined {
  for (const { keyObject } of keys) {
    if (keyObject.asymmetricKeyType !== 'rsa') continue;
    for (const bits of [256, 384, 512]) {
      const hash = `sha${bits}`;
      const pss = {
        key: keyObject,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_AUTO,
      };
      const name = isValid(() => verify(hash, signingInput, keyObject, signature))
        ? `RS${bits}`
        : isValid(() => verify(hash, signingInput, pss, signature))
          ? `PS${bits}`
          : undefined;
      if (name !== undefined)
        return error(
          'signature_other_algorithm',
          `the header says ${quoted(header.alg)}, and the signature is one of ${name}${name === header.alg ? ' with a salt of another length (RFC 7518 §3.5)' : ''}`,
          'Have the issuer write the algorithm that it signs with into alg.',
        );
    }
  }
  return undefined;
}

function byOtherKey(jws: Jws, keys: readonly VerificationKey[], kid: unknown): Finding | undefined {
  const signer = keys.find((key) => isSignedWith(key, jws));
  if (signer === undefined) return undefined;
  if (signer.kid === kid)
    return error(
      'kid_twice',
      `the token was signed with a further key named ${quoted(kid)}: more than three keys have that kid, and three are tried`,
      'Give each key a kid of its own (RFC 7517 §4.5).',
    );
  return error(
    'bad_signature',
    `the token names the key ${quoted(kid)}, and was signed with ${quoted(signer.kid)}`,
    'Have the issuer name the key that it signs with in kid.',
  );
}

/** RFC 7515 §4.1.2, §4.1.3: a token that brings its key along proves nothing. */
function byItsOwnKey({ header }: Jws): Finding | undefined {
  const name = ['jwk', 'jku', 'x5u'].find((one) => ownValue(header, one) !== undefined);
  if (name === undefined) return undefined;
  return error(
    'bad_signature',
    `the token brings a key of its own along ("${name}" in its header), which is never used, and the key of the issuer does not fit its signature`,
    'Have the token signed by the issuer, and its key named in kid.',
  );
}

function isValid(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
