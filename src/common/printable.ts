/** Control, format (bidirectional), separator and unpaired characters: in a log they hide or forge lines. */
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const MAX_LENGTH = 100;

/** A text of somebody else's for a log line or a span: cut at 100 characters, with such characters escaped. */
export function printable(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return cut.replaceAll(NOT_PRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
