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
  const patterns = sources.map(
    (one) => new RegExp(`^${sourceOf(withoutTrailingSlash(reduce(one)))}/?$`, 'i'),
  );
  return {
    isExactly: (given) => !isTemplate && !ignoresSchemes && (given === uri || hrefOf(given) === hrefOf(uri)),
    isMatch: (given) =>
      formsOf(given)
        .flatMap((form) => [form, withoutQuery(form)])
        .some((form) => patterns.some((pattern) => pattern.test(reduce(form)))),
  };
}

const hrefOf = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri);

/** A URI as it stands, and as URL parsers write it, which the SDK looks up. */
const formsOf = (uri: string): readonly string[] => [uri, hrefOf(uri)];

const EXPRESSION = /(\{[^}]*\})/;

/** A variable alone stands for a part of a path, every other expression for anything (RFC 6570 §2.2). */
const sourceOf = (template: string): string =>
  template
    .split(EXPRESSION)
    .map((part) => {
      if (!EXPRESSION.test(part)) return part.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
      return /^\{\w+\}$/.test(part) ? '[^/]+' : '.*';
    })
    .join('');

/** What follows the first `://`, up to the next, as MCP-Nest has it. */
const withoutScheme = (uri: string): string => (uri.includes('://') ? (uri.split('://')[1] ?? '') : uri);
const withoutQuery = (uri: string): string => uri.split('?')[0] ?? '';
const withoutTrailingSlash = (uri: string): string => uri.replace(/\/$/, '');
