import { isLoopback } from '../http/safe-url.js';

/** In what two spellings differ, in words, such as "in the slash at the end"; empty when they are equal. */
export function differenceOf(one: string, other: string): string {
  if (one === other) return '';
  const differences = differencesOf(one, other);
  const only = differences.length === 1 && differences[0] !== EVERYTHING ? 'only ' : '';
  return `${only}${differences.join(' and ')}`;
}

const EVERYTHING = 'in everything';

function differencesOf(one: string, other: string): readonly string[] {
  const hidden = [one, other].map((text) => text.replaceAll(INVISIBLE, ''));
  if (hidden[0] === hidden[1]) return ['in a space or a character that is not visible'];
  if (withoutQuotes(one) === withoutQuotes(other)) return ['in quotes around it'];
  const [a, b] = [one.trim(), other.trim()];
  if (a === b) return ['in a space at the start or the end'];
  if (URL.canParse(a) && URL.canParse(b) && isHierarchical(a) && isHierarchical(b)) return ofUrls(a, b);
  if (withoutSlash(a) === withoutSlash(b)) return ['in the slash at the end'];
  if (a.toLowerCase() === b.toLowerCase()) return ['in upper and lower case'];
  if (withoutScheme(a) === withoutScheme(b)) return ['in the scheme'];
  return isMistyped(a, b) ? ['in a letter or two'] : [partMore(a, b) ?? EVERYTHING];
}

const withoutQuotes = (text: string): string => text.replace(/^(["'`])(.*)\1$/s, '$2');

/** What one has more than the other, at one end. */
function partMore(one: string, other: string): string | undefined {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  if (short.length < 3) return undefined;
  if (long.startsWith(short)) return `in "${long.slice(short.length)}" at the end`;
  return long.endsWith(short) ? `in "${long.slice(0, -short.length)}" at the start` : undefined;
}

/** True where both are alike but for one place of two characters at most. */
function isMistyped(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  if (short.length < 5 || long.length - short.length > 2) return false;
  let start = 0;
  while (start < short.length && short[start] === long[start]) start += 1;
  let end = 0;
  while (end < short.length - start && short.at(-1 - end) === long.at(-1 - end)) end += 1;
  return long.length - start - end <= 2;
}

/** Characters that a terminal does not show. */
const INVISIBLE = /[\p{C}\p{Z}]/gu;

const isHierarchical = (text: string): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(text);
const withoutSlash = (text: string): string => text.replace(/\/$/, '');
const withoutScheme = (text: string): string => text.replace(/^[a-z][a-z\d+.-]*:\/\//i, '');

function ofUrls(a: string, b: string): readonly string[] {
  const [first, second] = [new URL(a), new URL(b)];
  const found = [
    ...(first.protocol === second.protocol
      ? []
      : [`in ${first.protocol.slice(0, -1)} and ${second.protocol.slice(0, -1)}`]),
    ...ofHosts(first, second),
    ...ofPorts(first, second),
    ...ofPaths(first.pathname, second.pathname),
    ...(first.search === second.search ? [] : ['in the query']),
    ...(first.hash === second.hash ? [] : ['in the fragment']),
  ];
  if (found.length > 0) return found;
  if (withoutSlash(a) === withoutSlash(b)) return ['in the slash at the end'];
  if (a.toLowerCase() === b.toLowerCase()) return ['in upper and lower case'];
  return ['in how the same URL is written (a default port, an escape, a dot)'];
}

function ofHosts(first: URL, second: URL): readonly string[] {
  const [a, b] = [first.hostname, second.hostname];
  if (a === b) return [];
  if (isLoopback(first) && isLoopback(second)) return [`in the name of this machine (${a} and ${b})`];
  return [`in the host (${a} and ${b})`];
}

function ofPorts(first: URL, second: URL): readonly string[] {
  if (first.port === second.port) return [];
  return [`in the port (${first.port || 'none'} and ${second.port || 'none'})`];
}

function ofPaths(a: string, b: string): readonly string[] {
  if (a === b) return [];
  if (withoutSlash(a) === withoutSlash(b)) return ['in the slash at the end'];
  if (a.toLowerCase() === b.toLowerCase()) return ['in upper and lower case'];
  const [long, short] = [a, b].map(withoutSlash).toSorted((x, y) => y.length - x.length) as [string, string];
  if (long === `${short}/v2.0`) return ['in "/v2.0" at the end'];
  if (long === `/auth${short}`) return ['in "/auth" at the start of the path'];
  if (long.startsWith(`${short}/`)) return [`in "${long.slice(short.length)}" at the end`];
  const realms = [a, b].map((path) => /\/realms\/([^/]+)/.exec(path)?.[1]);
  if (realms[0] !== undefined && realms[1] !== undefined && realms[0] !== realms[1])
    return [`in the realm ("${realms[0]}" and "${realms[1]}")`];
  return [`in the path ("${a}" and "${b}")`];
}
