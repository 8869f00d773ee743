import { printable } from '../../common/printable.js';
import { error, type Finding } from '../finding.js';
import { plural, quoted } from '../words.js';

/** A text, and what stood around it. */
interface Unwrapped {
  /** Undefined where nothing is left that could be a token. */
  readonly text: string | undefined;
  readonly problems: readonly Finding[];
}

type Step = (text: string) => { readonly text: string | undefined; readonly problem: Finding } | undefined;

/** Takes off what stands around a token, from the outside in: each is a problem of its own, because a server takes none off. */
export function unwrap(given: string): Unwrapped {
  const problems: Finding[] = [];
  let text: string | undefined = given;
  // Each step may uncover another one: quotes inside of a header line inside of JSON.
  for (let round = 0; round < 8; round += 1) {
    const found = firstOf(text);
    if (found === undefined) break;
    problems.push(found.problem);
    text = found.text;
  }
  return { text, problems };
}

function firstOf(text: string | undefined): ReturnType<Step> {
  if (text === undefined) return undefined;
  for (const step of STEPS) {
    const found = step(text);
    if (found !== undefined) return found;
  }
  return undefined;
}

const STEPS: readonly Step[] = [
  spaceAround,
  response,
  url,
  escapes,
  textAround,
  headerLine,
  quotes,
  lineBreaks,
  otherCharacters,
  alphabet,
  twice,
];

function spaceAround(text: string): ReturnType<Step> {
  const trimmed = text.trim();
  if (trimmed === text || trimmed === '') return undefined;
  const what = /[\r\n]$/.test(text) ? 'a line break at its end' : 'spaces around it';
  return {
    text: trimmed,
    problem: error(
      'token_whitespace',
      `the token has ${what}, which becomes part of it`,
      'Write it without: printf %s instead of echo, and no space after the equals sign.',
    ),
  };
}

/** A response of the token endpoint (RFC 6749 §5.1, §5.2), or other JSON that holds a token. */
function response(text: string): ReturnType<Step> {
  if (!/^[{[]/.test(text)) return undefined;
  const json = parsed(text);
  const members = Object(json) as Record<string, unknown>;
  const found = tokenMember(json);
  if (found !== undefined) {
    return {
      text: found.value,
      problem: error(
        'token_response',
        `the whole response of the token endpoint was given instead of a token; its ${quoted(found.path.split('.').at(-1))} is examined below`,
        `Give the member alone: jq --raw-output .${printable(found.path, 100)}`,
      ),
    };
  }
  return typeof members['error'] === 'string' ? refusedByIssuer(String(members['error'])) : undefined;
}

const TOKEN_MEMBERS = [
  'access_token',
  'accessToken',
  'AccessToken',
  'token',
  'id_token',
  'idToken',
  'IdToken',
];
/** What is searched in one response, however it nests. */
const MAX_MEMBERS = 1_000;

/** The token in a response, by the usual names, and then any member that is a JWT; outer members before inner ones. */
function tokenMember(json: unknown): { readonly path: string; readonly value: string } | undefined {
  const open: { path: string; value: unknown }[] = [{ path: '', value: json }];
  const texts: { path: string; value: string }[] = [];
  for (let index = 0; index < open.length && index < MAX_MEMBERS; index += 1) {
    const { path, value } = open[index] ?? { path: '', value: undefined };
    if (typeof value === 'string') texts.push({ path, value });
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value))
      open.push({
        path: Array.isArray(value) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`,
        value: member,
      });
  }
  const named = (name: string) => texts.find(({ path }) => path === name || path.endsWith(`.${name}`));
  const name = TOKEN_MEMBERS.find((one) => named(one) !== undefined);
  return name === undefined ? texts.find(({ value }) => JWT.test(value)) : named(name);
}

const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/;

const refusedByIssuer = (code: string): ReturnType<Step> => ({
  text: undefined,
  problem: error(
    'token_response',
    `the response of the token endpoint is an error, ${quoted(printable(code, 60))}, and holds no token`,
    'Have the issuer grant a token first: client, secret, grant type, scope.',
  ),
});

/** A redirect URL, a form or a cookie that holds the token (RFC 6749 §4.2.2). */
function url(text: string): ReturnType<Step> {
  const found = /(?:^|[?#&;]|^[Cc]ookie:.*?)\s*(access_token|id_token|token)=([^&;\s]+)/.exec(text);
  if (found === null || text.startsWith('eyJ')) return undefined;
  return {
    text: found[2] ?? '',
    problem: error(
      'token_in_url',
      `the token stands in a URL, a form or a cookie, after "${found[1]}="; it alone is examined below`,
      'Send what follows the equals sign, up to the next "&" or ";".',
    ),
  };
}

/** A JWT in the midst of a line of a shell, of a .env file, of JSON or YAML. What else stands there may be secret. */
function textAround(text: string): ReturnType<Step> {
  const found = /eyJ[\w-]{8,}\.[\w-]{2,}\.[\w-]*/.exec(text);
  if (found === null || found.index === 0 || /^<(!doctype|html)/i.test(text)) return undefined;
  const before = text.slice(0, found.index);
  const rest = `${before}eyJ`
    .replace(SCHEMES, '')
    .replaceAll(QUOTES, '')
    .replace(/^[<([{\s]+/, '');
  if (rest === 'eyJ') return undefined;
  const name = /^(?:export\s+|set\s+|\W*)?([A-Za-z_]\w{0,40})["']?\s*[=:]\s*["']?$/.exec(before)?.[1];
  const what = name === undefined ? 'other text' : quoted(`${name}${before.includes('=') ? '=' : ':'}`);
  return {
    text: found[0],
    problem: error(
      'token_prefixed',
      `${what} stands before the token; the token alone is examined below`,
      'Give the token alone, without the name of its variable or member and without the command around it.',
    ),
  };
}

const SCHEMES = /^(?:authorization\s*:\s*)?(?:(?:bearer|dpop|jwt|token)\b[\s:,]*)*/i;

function headerLine(text: string): ReturnType<Step> {
  const [prefix] = SCHEMES.exec(text) ?? [''];
  if (prefix === '' || prefix.length === text.length) return undefined;
  const words = prefix.trim();
  return {
    text: text.slice(prefix.length),
    problem: error(
      'token_prefixed',
      `${quoted(words)} stands before the token; where the client adds "Bearer" itself, it is sent twice`,
      'Keep the token alone, and the scheme in the Authorization header.',
    ),
  };
}

const QUOTES = /^(\\?["'`“”‘’«»])+|(\\?["'`“”‘’«»])+[,;]?$/g;
/** What stands around a token in prose, in a list or in a placeholder. */
const PUNCTUATION = /^[<([{]+(?=eyJ)|(?<=^[<([{]*eyJ[^\s,;]*\.[^\s,;]*\.[\w-]+)[>)\]},;.]+$/g;

function quotes(text: string): ReturnType<Step> {
  const bare = text.replaceAll(QUOTES, '');
  if (bare === text) return punctuation(text);
  if (bare === '') return undefined;
  return {
    text: bare,
    problem: error(
      'token_quoted',
      'the token stands in quotes, which become part of it',
      'Take them off: jq --raw-output, and no quotes in .env files that are not read by a shell.',
    ),
  };
}

function punctuation(text: string): ReturnType<Step> {
  const bare = text.replaceAll(PUNCTUATION, '');
  if (bare === text) return undefined;
  return {
    text: bare,
    problem: error(
      'token_quoted',
      'the token stands in brackets, or a comma, semicolon or full stop follows it, which becomes part of it',
      'Take it off.',
    ),
  };
}

function lineBreaks(text: string): ReturnType<Step> {
  if (!/^[A-Za-z0-9._\s\\-]+$/.test(text) || !/\s|\\[nr]/.test(text)) return undefined;
  const joined = text.replaceAll(/\s|\\[nr]/g, '');
  if (!joined.startsWith('eyJ')) return undefined;
  const tokens = text.split(/\s+/).filter((one) => one.split('.').length === 3).length;
  if (tokens > 1) {
    return {
      text: text.trim().split(/\s+/)[0] ?? '',
      problem: error(
        'token_whitespace',
        `${plural(tokens, 'token')} were given; the first is examined below`,
        'Give one token.',
      ),
    };
  }
  return {
    text: joined,
    problem: error(
      'token_whitespace',
      'the token has line breaks or spaces inside, as a terminal or base64 wraps it',
      'Write it in one line: base64 --wrap=0, or copy it from the source.',
    ),
  };
}

function escapes(text: string): ReturnType<Step> {
  if (!/%[\da-f]{2}/i.test(text)) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return undefined;
  }
  return {
    text: decoded,
    problem: error(
      'token_url_encoded',
      'the token is URL-encoded ("%2E" for a dot and the like)',
      'Decode it once: a header carries it as it is.',
    ),
  };
}

/** Characters that a copy from a web page or a word processor brings along. */
function otherCharacters(text: string): ReturnType<Step> {
  if (!text.startsWith('eyJ')) return undefined;
  const [found] = /\P{ASCII}/u.exec(text) ?? [];
  if (found === undefined) return undefined;
  const code = `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const bare = text.replaceAll(/[\p{C}\p{Z}]/gu, '');
  if (bare !== text)
    return {
      text: bare,
      problem: error(
        'token_whitespace',
        `the token holds a character that is not visible (${code})`,
        'Copy it from the source, not from a page or a message that wraps it.',
      ),
    };
  if (found === '…') return undefined;
  return {
    text: undefined,
    problem: error(
      'token_encoding',
      `the token holds ${quoted(found)} (${code}), which is in no token: a program has replaced hyphens or letters`,
      'Copy it from the source, not from a word processor or a chat.',
    ),
  };
}

/** RFC 7515 §2: base64url without padding. */
function alphabet(text: string): ReturnType<Step> {
  if (!/^eyJ[\w+/=-]*(\.[\w+/=-]*){2}$/.test(text) || !/[+/=]/.test(text)) return undefined;
  return {
    text: text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
    problem: error(
      'token_base64',
      'the token is in plain base64 ("+", "/" or padding with "=") where a JWT is in base64url without padding',
      'Take the token as the issuer sent it; a library of your own must encode base64url (RFC 7515 §2).',
    ),
  };
}

/** A JWT begins with `eyJ`, and the base64 of that with `ZXlK`. */
function twice(text: string): ReturnType<Step> {
  if (!text.startsWith('ZXlK')) return undefined;
  return {
    text: Buffer.from(text, 'base64').toString('latin1').trimEnd(),
    problem: error(
      'token_base64',
      'the token is encoded in base64 once more, as in a Kubernetes Secret',
      'Decode it once: base64 --decode.',
    ),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
