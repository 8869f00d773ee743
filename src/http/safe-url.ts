/** What a URL parser drops or escapes without a word, and what a log line must not hold. */
const NOT_PRINTABLE = /[\p{C}\p{Z}]/u;

/**
 * True for a URL that can be told as it stands, to a log or a metric: without credentials (RFC 9110 §4.2.4), spaces and
 * control characters.
 */
export function isPlainUrl(text: string): boolean {
  if (NOT_PRINTABLE.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
