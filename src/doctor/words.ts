import { printable } from '../common/printable.js';

/** A text for a finding, in quotes: cut, without control characters, and without what names a person or a secret. */
export const quoted = (value: unknown): string =>
  typeof value === 'string'
    ? `"${withoutSecrets(printable(withoutTokens(value), 300))}"`
    : `(${kindOf(value)})`;

/** Several of them. */
export const quotedList = (values: readonly unknown[]): string =>
  values.length === 0 ? 'nothing' : values.slice(0, 20).map(quoted).join(', ');

/** A URL without credentials, query and fragment: those may be secrets. */
export function shownUrl(address: string): string {
  if (!URL.canParse(address)) return printable(address, 300);
  const { protocol, host, pathname } = new URL(address);
  return printable(`${protocol}//${host}${pathname}`, 300);
}

/** A duration in the unit that suits it. */
export function duration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** A NumericDate (RFC 7519 §2) as a date. */
export function dateOf(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

export const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** RFC 9562 §4; a GUID of Microsoft as well. */
export const UUID = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i;

/** Without what may be a token, such as one that was given in the place of something else. */
export const withoutTokens = (text: string): string =>
  text.replaceAll(/eyJ[\w-]{8,}(\.[\w-]*)*/g, '(a token)');

const EMAIL = /[^\s"@/:]+@[^\s"@/:]+\.[^\s"@/:]+/g;

const withoutSecrets = (text: string): string =>
  text.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/@]*@/i, '$1').replaceAll(EMAIL, '(an e-mail address)');

/** The type of a JSON value, with its article. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
