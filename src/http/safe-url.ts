/** What a URL parser drops or escapes silently, and what a log line must not contain. */
const NOT_PRINTABLE = /[\p{C}\p{Z}]/u;
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * True for a URL that can stand in a log or a metric as it is: without credentials (RFC 9110 §4.2.4), spaces and control
 * characters.
 */
export function isPlainUrl(text: string): boolean {
  if (NOT_PRINTABLE.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

export const isLoopback = ({ hostname }: URL): boolean => LOOPBACK.test(hostname);

/** True for a URL that may be fetched: `https:`, or `http:` on loopback or where `allowHttp` says so. */
export const isSecureUrl = (url: URL, allowHttp: boolean): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && (allowHttp || isLoopback(url)));
