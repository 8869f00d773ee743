import { error, type Finding } from '../finding.js';
import { ownValue } from '../../token/claim-path.js';
import { membersIn, type Members } from './members.js';
import { otherThanJwt } from './other-than-jwt.js';
import { decodeText } from './token-text.js';
import { unwrap } from './unwrap.js';

/** What was given as a token. */
export interface ReadToken {
  /** The token itself, without what stood around it. */
  readonly text: string;
  /** What is wrong with its form, the cause first. */
  readonly problems: readonly Finding[];
  /** As far as they can be read, also where the token is refused; nothing in them is verified. */
  readonly header: Members | undefined;
  readonly claims: Members | undefined;
}

/** Takes a token out of what was given, and reads it as far as it can be read. */
export function readToken(given: string | Uint8Array): ReadToken {
  const decoded = decodeText(given);
  const { text, problems } = unwrap(decoded.text);
  const found = [...decoded.problems, ...problems];
  if (text === undefined) return { text: '', problems: found, header: undefined, claims: undefined };
  const [head = '', payload = '', ...others] = text.split('.');
  const header = membersIn(head);
  const claims = membersIn(payload);
  const form = formProblem(text, header, claims, others.length);
  // What stands around a word for nothing is not the cause.
  if (form?.code === 'token_empty') return { text, problems: [form], header, claims };
  return { text, problems: form === undefined ? found : [...found, form], header, claims };
}

/** What is wrong with a text that is no JWS in compact serialization (RFC 7515 §7.1). */
function formProblem(
  text: string,
  header: Members | undefined,
  claims: Members | undefined,
  others: number,
): Finding | undefined {
  if (text === '')
    return error('token_empty', 'the token is empty', 'Give a token; the variable or the file holds none.');
  const other = otherThanJwt(text, header);
  if (other !== undefined) return other;
  const parts = others + 2;
  if (header !== undefined && ownValue(header, 'b64') === false && claims === undefined)
    return error(
      'unsupported_critical',
      'the payload is not encoded ("b64" is false in the header, RFC 7797)',
      'Have the issuer leave "crit" and "b64" out.',
    );
  if (text.startsWith('eyj') && text === text.toLowerCase())
    return malformed('all its letters are in lower case, and base64url tells them apart');
  if (others >= 3 && /\.[\w-]*[,\s]*(bearer\s+)?eyJ/i.test(text))
    return malformed(
      'it is two tokens, one after the other, as a header that is set twice is joined',
      'Send one token, and set the Authorization header once.',
    );
  if (text.includes('...') || text.includes('…'))
    return truncated('it holds an ellipsis, as a terminal or a web page puts one for what it leaves out');
  if (!text.includes('.')) return truncated('it ends within its header');
  if (parts === 2) return truncated('it has 2 parts, and the signature is missing');
  if (header === undefined) return malformed('its header is no JSON object in base64url');
  if (parts !== 3)
    return malformed(`it has ${parts} parts where a JWT has 3 (perhaps two tokens, or one with a suffix)`);
  return claims === undefined ? payloadProblem(text, header) : undefined;
}

function payloadProblem(text: string, header: Members): Finding {
  const payload = Buffer.from(text.split('.')[1] ?? '', 'base64url').toString('latin1');
  if (/^"?eyJ/.test(payload))
    return malformed(
      'its payload is another token (a nested JWT, RFC 7519 §5.2)',
      'Send the inner token, or have the issuer sign the claims directly.',
    );
  if (ownValue(header, 'zip') !== undefined)
    return malformed('its payload is compressed ("zip")', 'Have the issuer send it uncompressed.');
  if (payload.startsWith('{')) return truncated('its payload is JSON that is cut off or changed');
  return malformed('its payload is no JSON object');
}

const truncated = (how: string): Finding =>
  error(
    'token_truncated',
    `the token is cut off: ${how}`,
    'Copy the whole token; look at limits of columns, cookies, headers and environment variables.',
  );

const malformed = (how: string, todo = 'Take the token as the token endpoint returned it.'): Finding =>
  error('token_malformed', `the token is malformed: ${how}`, todo);
