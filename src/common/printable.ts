/** Control, format (bidirectional), separator and unpaired characters: in a log they hide or forge lines. */
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const MAX_LENGTH = 100;

/** A text of somebody else's for a log line or a span: cut at 100 characters, with such characters escaped. */
export function printable(text: string, maxLength = MAX_LENGTH): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replaceAll(NOT_PRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
