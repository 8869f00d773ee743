import type { IncomingHttpHeaders } from 'node:http';

/**
 * `Retry-After` (RFC 9110 §10.2.3), in seconds or as a date, as milliseconds from `wallNow`; undefined when it is
 * absent or unreadable.
 */
export function parseRetryAfter(value: string | undefined, wallNow: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallNow);
}

/**
 * How long an answer stays fresh (RFC 9111 §4.2): `Cache-Control: max-age` less `Age`, in milliseconds; undefined
 * when the issuer does not say. `no-store` and `no-cache` count as 0.
 */
export function parseFreshness(headers: IncomingHttpHeaders): number | undefined {
  const directives = (headers['cache-control'] ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim());
  if (directives.includes('no-store') || directives.includes('no-cache')) return 0;
  const maxAge = directives
    .map((part) => /^max-age="?(\d+)"?$/.exec(part)?.[1])
    .find((seconds) => seconds !== undefined);
  if (maxAge === undefined) return undefined;
  const age = /^\d+$/.test(headers.age ?? '') ? Number(headers.age) : 0;
  return Math.max(0, Number(maxAge) - age) * 1_000;
}

/** The validators of an answer (RFC 9110 §13.1), to be sent with the next question. */
export function conditionalHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return {
    ...(headers.etag === undefined ? {} : { 'if-none-match': headers.etag }),
    ...(headers['last-modified'] === undefined ? {} : { 'if-modified-since': headers['last-modified'] }),
  };
}
