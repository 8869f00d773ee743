import { match } from 'path-to-regexp';

/** True for the URI of a resource that a pattern stands for. */
export type UriTest = (uri: string) => boolean;

/**
 * A resource, or a template, as MCP-Nest matches it: with path-to-regexp, without schemes; a template without queries.
 *
 * @throws TypeError for what path-to-regexp cannot read
 */
export function nestPattern(uri: string, isTemplate: boolean): UriTest {
  const path = withoutScheme(uri)
    .replace(/\{\?[^}]+\}/g, '')
    .replace(/\{(\w+)\*\}/g, '*$1')
    .replace(/\{(\w+)\}/g, ':$1');
  const matches = match(path, { decode: false });
  return (given) => {
    const input = withoutScheme(given);
    return matches(isTemplate ? withoutQuery(input) : input) !== false;
  };
}

/** Which resource of the application's own list a URI may be. */
export interface ListedUri {
  /** True for a URI that the SDK looks up as this one, before it tries any template. */
  readonly isExactly: UriTest;
  /** True for whatever a server may serve as this one: without case and queries, as it stands or as URL parsers write it. */
  readonly isMatch: UriTest;
}

/** A URI or a template (RFC 6570) that the application lists. Without schemes, as MCP-Nest matches, or with them. */
export function listedUri(uri: string, ignoresSchemes: boolean): ListedUri {
  const isTemplate = uri.includes('{');
  const reduce = ignoresSchemes ? withoutScheme : (one: string) => one;
  const sources = isTemplate ? [uri.replace(/\{[?&][^}]*\}/g, '')] : formsOf(uri);
  const patterns = sources.map((one) => templateTest(withoutTrailingSlash(reduce(one))));
  return {
    isExactly: (given) => !isTemplate && !ignoresSchemes && (given === uri || hrefOf(given) === hrefOf(uri)),
    isMatch: (given) =>
      formsOf(given)
        .flatMap((form) => [form, withoutQuery(form)])
        .some((form) => patterns.some((isLike) => isLike(reduce(form)))),
  };
}

const hrefOf = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

/** A URI as it stands, and as URL parsers write it, which the SDK looks up. */
const formsOf = (uri: string): readonly string[] => [uri, hrefOf(uri)];

const EXPRESSION = /(\{[^}]*\})/;

/**
 * True for the URIs of a template, in any case, with a slash at their end or without. A variable alone stands for a part of
 * a path, every other expression for anything (RFC 6570 §2.2). Not a RegExp: requests without a token get here, and with
 * several variables it would take the square, or the cube, of the length of what a client sent.
 */
function templateTest(template: string): UriTest {
  const parts = template
    .toUpperCase()
    .split(EXPRESSION)
    .filter((part) => part !== '');
  return (given) => {
    const uri = given.toUpperCase();
    // Where the parts that are read so far may end.
    let ends: Uint8Array<ArrayBuffer> = new Uint8Array(uri.length + 1);
    ends[0] = 1;
    for (const part of parts) ends = endsAfter(part, uri, ends);
    return ends[uri.length] === 1 || (uri.endsWith('/') && ends[uri.length - 1] === 1);
  };
}

/** Where a part may end that starts at one of these places. */
function endsAfter(part: string, uri: string, starts: Uint8Array): Uint8Array<ArrayBuffer> {
  const ends = new Uint8Array(starts.length);
  if (!EXPRESSION.test(part)) {
    for (let at = starts.indexOf(1); at !== -1; at = starts.indexOf(1, at + 1))
      if (uri.startsWith(part, at)) ends[at + part.length] = 1;
    return ends;
  }
  if (!/^\{\w+\}$/.test(part)) {
    const first = starts.indexOf(1);
    return first === -1 ? ends : ends.fill(1, first);
  }
  for (let end = 1; end < ends.length; end += 1)
    if (uri[end - 1] !== '/' && (starts[end - 1] === 1 || ends[end - 1] === 1)) ends[end] = 1;
  return ends;
}

/** What follows the first `://`, up to the next, as MCP-Nest has it. */
const withoutScheme = (uri: string): string => (uri.includes('://') ? (uri.split('://')[1] ?? '') : uri);
const withoutQuery = (uri: string): string => uri.split('?')[0] ?? '';
const withoutTrailingSlash = (uri: string): string => uri.replace(/\/$/, '');
