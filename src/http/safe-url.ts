import { isPrintable } from '../common/printable.js';

/** Spaces of all kinds: a URL parser drops or escapes them. */
const SPACE = /\p{Zs}/u;
/** RFC 6761 §6.3, RFC 6890 §2.2. */
const LOOPBACK_HOST = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * True for a URL that a log or a metric can hold as it is: without credentials (RFC 9110 §4.2.4), spaces and control
 * characters.
 */
export function isPlainUrl(text: string): boolean {
  if (!isPrintable(text) || SPACE.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}

/** True for a URL whose host is a loopback name or address; 0.0.0.0 and names that resolve to loopback are none. */
export const isLoopback = ({ hostname }: URL): boolean => LOOPBACK_HOST.test(hostname);

/** True for a URL that may be fetched: `https:`, or `http:` on loopback or with `allowHttp`. */
export const isSecureUrl = (url: URL, allowHttp: boolean): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && (allowHttp || isLoopback(url)));
