import type { AuthError } from '../../common/auth.error.js';
import { ownValue } from '../../token/claim-path.js';
import type { Examination } from '../examination.js';
import { error, type Finding } from '../finding.js';
import { kindOf, plural, quoted, quotedList } from '../words.js';
import { algorithmProblem } from './algorithm.js';
import { missingAudience, wrongAudience } from './audience.js';
import { badSignature, unknownKey } from './key-and-signature.js';
import { noDate, timeProblem } from './times.js';

/** The cause behind what the verifier says; undefined where the cause is not the token: its issuer, or its keys. */
export function explanationOf(refusal: AuthError, examination: Examination): Finding | undefined {
  const { token, options } = examination;
  const { code, claim } = refusal;
  switch (code) {
    case 'unknown_issuer':
    case 'keys_unavailable':
      return undefined;
    case 'token_too_large':
      return error(
        'token_too_large',
        `the token has ${plural(token?.text.length ?? 0, 'byte')}, and ${options.tokenOptions.maxTokenBytes} are accepted (maxTokenBytes)`,
        'Have the issuer put less into it (groups and roles of this API alone); or raise maxTokenBytes, and the header limit of proxies and Node with it.',
      );
    case 'encrypted_token':
      return error(
        'encrypted_token',
        'the header of the token says that it is encrypted ("enc")',
        'Switch encryption of access tokens off at the issuer.',
      );
    case 'unsupported_critical':
      return error(
        'unsupported_critical',
        `the header requires extensions that are not supported ("crit" is ${quotedList(asList(ownValue(token?.header, 'crit')))})`,
        'Have the issuer leave "crit" and "b64" out (RFC 7515 §4.1.11, RFC 7797).',
      );
    case 'unsupported_algorithm':
      return algorithmProblem(examination);
    case 'wrong_type':
      return wrongType(examination, claim);
    case 'missing_audience':
      return missingAudience(examination);
    case 'wrong_audience':
      return wrongAudience(examination);
    case 'expired':
    case 'not_yet_valid':
      return timeProblem(examination);
    case 'invalid_claim':
      return invalidClaim(examination, claim ?? '');
    case 'sender_constrained':
      return senderConstrained(examination);
    case 'unknown_key':
      // Where there are none at all, that is the cause.
      return examination.imported?.keySet.keys.length === 0 ? undefined : unknownKey(examination);
    case 'bad_signature':
      return badSignature(examination);
    case 'malformed_token':
      return malformed(examination);
    default:
      return error(
        'not_verified',
        `the token is refused (${code}): ${refusal.message}`,
        'Look the code up in the documentation.',
      );
  }
}

function wrongType({ token, options }: Examination, claim: string | undefined): Finding {
  if (claim !== undefined)
    return error(
      'wrong_type',
      `the claim "${claim}" says that the token is no access token`,
      'Send the access token.',
    );
  const accepted = options.rules.tokenType ?? ['at+jwt', 'JWT'];
  return error(
    'wrong_type',
    `the header says typ ${quoted(ownValue(token?.header, 'typ'))}, and ${quotedList(accepted)} is accepted`,
    "Send the access token; where the issuer's access tokens have this type, set tokenType.",
  );
}

function invalidClaim(examination: Examination, claim: string): Finding {
  if (['exp', 'nbf', 'iat'].includes(claim)) return noDate(examination, claim);
  const value = ownValue(examination.token?.claims, claim);
  const isRequired = Object.hasOwn(examination.options.rules.requiredClaims, claim);
  if (value === undefined)
    return error(
      'invalid_claim',
      `the token has no "${claim}", which ${isRequired ? 'requiredClaims names' : 'tokenType "at+jwt" requires (RFC 9068 §2.2)'}`,
      'Have the issuer add it, or change the option.',
    );
  return error(
    'invalid_claim',
    isRequired
      ? `"${claim}" has a value that requiredClaims does not accept`
      : `"${claim}" is ${kindOf(value)} where a string is expected`,
    isRequired ? 'Compare it with the option.' : 'Have the issuer write a string (RFC 7519 §4.1).',
  );
}

function senderConstrained({ token }: Examination): Finding {
  const cnf = Object(ownValue(token?.claims, 'cnf')) as object;
  const how = Object.hasOwn(cnf, 'jkt')
    ? 'DPoP (RFC 9449)'
    : Object.hasOwn(cnf, 'x5t#S256')
      ? 'a client certificate (RFC 8705)'
      : 'a key';
  return error(
    'sender_constrained',
    `the token is bound to ${how}: its "cnf" names a key, whose proof is not checked here`,
    "Have the client request a plain bearer token; or accept it as one: senderConstrained: 'ignore'.",
  );
}

/** What its form does not show: a header or claims that the parser refuses. */
function malformed({ token }: Examination): Finding {
  const wrong = ['alg', 'kid', 'typ'].find((name) => {
    const value = ownValue(token?.header, name);
    return typeof value !== 'string' && (value !== undefined || name === 'alg');
  });
  if (wrong !== undefined)
    return error(
      'malformed_token',
      `the header has ${wrong} ${quoted(ownValue(token?.header, wrong))} where a string is expected`,
      'Have the issuer write it so (RFC 7515 §4.1).',
    );
  return error(
    'malformed_token',
    'the token is malformed: base64url that is not canonical, invalid UTF-8, or JSON that nests deeper than 32 levels',
    'Take the token as the issuer sent it.',
  );
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
