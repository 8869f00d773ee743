import { error, type Finding } from '../finding.js';

const BYTE_ORDER_MARKS: readonly (readonly [readonly number[], string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** The text that was given, as bytes of a file or as a string. The line break at the end of a file is no part of it. */
export function decodeText(given: string | Uint8Array): {
  readonly text: string;
  readonly problems: readonly Finding[];
} {
  if (typeof given === 'string') {
    const hasMark = given.startsWith('\uFEFF');
    return { text: hasMark ? given.slice(1) : given, problems: hasMark ? [marked('utf-8')] : [] };
  }
  const mark = BYTE_ORDER_MARKS.find(([bytes]) => bytes.every((byte, index) => given[index] === byte));
  const encoding = mark?.[1] ?? (hasZeros(given) ? 'utf-16le' : 'utf-8');
  const text = new TextDecoder(encoding).decode(given).replace(/(\r?\n)+$/, '');
  const isPlain = mark === undefined && encoding === 'utf-8';
  return { text, problems: isPlain ? [] : [marked(encoding)] };
}

/** ASCII in UTF-16 has a zero beside each character. */
const hasZeros = (bytes: Uint8Array): boolean => bytes.length > 1 && (bytes[0] === 0 || bytes[1] === 0);

function marked(encoding: string): Finding {
  const name = encoding.toUpperCase();
  return encoding === 'utf-8'
    ? error(
        'token_encoding',
        'the token begins with a byte order mark (UTF-8 with BOM), which becomes part of it',
        'Write the file as UTF-8 without BOM.',
      )
    : error(
        'token_encoding',
        `the token is written in ${name}, as a redirection in Windows PowerShell writes it`,
        'Write the file as ASCII: Out-File -Encoding ascii, or Set-Content -NoNewline.',
      );
}
