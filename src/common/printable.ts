/** Control, format (bidirectional), separator and unpaired characters: in a log they hide or forge lines. */
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const EACH_NOT_PRINTABLE = new RegExp(NOT_PRINTABLE, 'gu');
const MAX_LENGTH = 100;

/** True for a text without such characters. */
export const isPrintable = (text: string): boolean => !NOT_PRINTABLE.test(text);

/** A text from outside for a log line or a span: cut at 100 characters, with such characters escaped. */
export function printable(text: string, maxLength = MAX_LENGTH): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.replaceAll(EACH_NOT_PRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
