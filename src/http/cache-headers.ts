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

/** `Retry-After` for a delay in milliseconds: whole seconds, one at least. */
export const formatRetryAfter = (delayMs = 0): string => String(Math.max(1, Math.ceil(delayMs / 1_000)));

/**
 * How long a response stays fresh (RFC 9111 §4.2): `Cache-Control: max-age` less `Age`, in milliseconds; undefined
 * without a `max-age`. `no-store` and `no-cache` count as 0.
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
  return Math.max(0, deltaSeconds(maxAge) - ageOf(headers)) * 1_000;
}

/** A number of seconds that may be of any length: one that is too large counts as 2^31 (RFC 9111 §1.2.2). */
const deltaSeconds = (digits: string): number => Math.min(Number(digits), 2 ** 31);

/** The headers that a later request, or the age of the keys, depends on. */
const KEPT = ['etag', 'last-modified', 'cache-control', 'age', 'date'] as const;

/** RFC 9110 §5.5: what was read from a store may be anything. */
const isFieldValue = (value: unknown): boolean =>
  typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]{0,1000}$/.test(value);

/** Those headers, and no others: they stay in memory, and in the store. */
export function keptHeaders(headers: unknown): IncomingHttpHeaders {
  const given = Object(headers) as Record<string, unknown>;
  const present = KEPT.filter((name) => isFieldValue(given[name]));
  return Object.fromEntries(present.map((name) => [name, given[name]])) as IncomingHttpHeaders;
}

/**
 * The headers of a response after a 304 has confirmed it: those of the 304 replace what they repeat (RFC 9110 §15.4.5,
 * RFC 9111 §3.2).
 */
export function confirmedHeaders(
  stored: IncomingHttpHeaders,
  notModified: IncomingHttpHeaders,
): IncomingHttpHeaders {
  // The age of the stored response is not that of this one.
  const { age: _age, date: _date, ...unchanged } = stored;
  return { ...unchanged, ...keptHeaders(notModified) };
}

/**
 * How far the clock of this host is ahead of the issuer's, by its `Date` and the `Age` that a cache on the way has put on it
 * (RFC 9110 §6.6.1, RFC 9111 §5.1), in milliseconds; undefined without a `Date`.
 */
export function clockSkewOf(headers: IncomingHttpHeaders, wallNow: number): number | undefined {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? undefined : wallNow - (date + ageOf(headers) * 1_000);
}

/** `Age` in seconds (RFC 9111 §5.1); 0 without one that can be read. */
const ageOf = ({ age = '' }: IncomingHttpHeaders): number => (/^\d+$/.test(age) ? deltaSeconds(age) : 0);

/** The validators of a response (RFC 9110 §13.1), for the next request. */
export function conditionalHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return {
    ...(headers.etag === undefined ? {} : { 'if-none-match': headers.etag }),
    ...(headers['last-modified'] === undefined ? {} : { 'if-modified-since': headers['last-modified'] }),
  };
}
