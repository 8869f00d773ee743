import {
  matchResourceByUri,
  matchResourceTemplateByUri,
} from '@rekog/mcp-nest/dist/mcp/transport/resource-matcher.js';
import { describe, expect, it } from 'vitest';
import { listedUri, nestPattern } from './resource-patterns.js';

const URIS = [
  'docs://readme',
  'DOCS://README',
  'other://readme',
  'readme',
  'docs://readme/',
  'docs://readme?x=1',
  'docs://a/readme',
  'docs://users/1',
  'users/1/more',
  'x://users/1?full=yes',
  'x://users/a%2Fb',
  'a://readme://b',
  'docs://',
  '',
];

describe('MCP-Nest matches', () => {
  it.each([
    'docs://readme',
    'docs://{name}',
    'docs://users/{id}',
    'docs://{path*}',
    'docs://users/{id}{?full}',
  ])('resources and templates as nestPattern does: %s', (uri) => {
    const [asResource, asTemplate] = [nestPattern(uri, false), nestPattern(uri, true)];
    for (const given of URIS) {
      expect([given, asResource(given)]).toEqual([given, matchResourceByUri([{ uri }], given) !== undefined]);
      expect([given, asTemplate(given)]).toEqual([
        given,
        matchResourceTemplateByUri([{ uriTemplate: uri }], given) !== undefined,
      ]);
    }
  });
});

describe('a listed URI', () => {
  const withSchemes = (uri: string) => listedUri(uri, false);

  it('is matched as it stands, and as URL parsers write it', () => {
    const { isMatch, isExactly } = withSchemes('docs://host/secret');
    for (const given of ['docs://host/secret', 'docs://host/a/../secret', 'docs://host/./secret']) {
      expect([given, isMatch(given), isExactly(given)]).toEqual([given, true, true]);
    }
    for (const given of ['docs://HOST/Secret', 'docs://host/secret/', 'docs://host/secret?x=1'])
      expect([given, isMatch(given), isExactly(given)]).toEqual([given, true, false]);
    for (const given of ['other://host/secret', 'docs://host/secrets', 'docs://host', 'docs://host/a/secret'])
      expect([given, isMatch(given)]).toEqual([given, false]);
  });

  it('has no scheme for MCP-Nest', () => {
    const { isMatch, isExactly } = listedUri('docs://secret', true);
    for (const given of ['docs://secret', 'other://secret', 'secret', 'a://secret://b'])
      expect([given, isMatch(given)]).toEqual([given, true]);
    expect(isMatch('docs://secrets')).toBe(false);
    expect(isExactly('docs://secret')).toBe(false);
  });

  it.each([
    ['users://{id}', ['users://1', 'users://{id}', 'users://1?full=yes'], ['users://1/2', 'docs://1']],
    ['files://{+path}', ['files://a', 'files://a/b/c'], ['file://a']],
    ['docs://{name*}', ['docs://a', 'docs://a/b'], ['doc://a']],
    ['docs://users/{id}/notes{?page,size}', ['docs://users/1/notes?page=2'], ['docs://users/1']],
    ['docs://users{/id}', ['docs://users/1', 'docs://users'], ['docs://user']],
    ['docs://a.b{.format}', ['docs://a.b.json'], ['docs://axb.json']],
  ])('that is a template: %s', (template, matching, others) => {
    const { isMatch, isExactly } = withSchemes(template);
    for (const uri of matching) expect([uri, isMatch(uri)]).toEqual([uri, true]);
    for (const uri of others) expect([uri, isMatch(uri)]).toEqual([uri, false]);
    expect(isExactly(template)).toBe(false);
  });

  it('is matched whatever its variables hold, also a line break', () => {
    for (const given of ['files/a', 'files/a\nb', 'docs://files/a\u2028b']) {
      const uriTemplate = 'docs://files/{path*}';
      expect([given, matchResourceTemplateByUri([{ uriTemplate }], given) !== undefined]).toEqual([
        given,
        true,
      ]);
      expect([given, listedUri(uriTemplate, true).isMatch(given)]).toEqual([given, true]);
    }
    expect(listedUri('docs://files/{path*}', true).isMatch('file/a\nb')).toBe(false);
  });

  it('is matched in case and length as RegExp has it, with many variables in a long URI', () => {
    const { isMatch } = withSchemes('docs://{a}.{b}.{c}.{d}/{+e}/x');
    const dots = '.'.repeat(50_000);
    expect(isMatch(`docs://${dots}/y/x`)).toBe(true);
    expect(isMatch(`docs://${dots}/y/x/`)).toBe(true);
    expect(isMatch(`docs://${dots}`)).toBe(false);
    expect(isMatch('docs://a.b.c.d/x')).toBe(false);
    expect(withSchemes('docs://\u03c3/{a}').isMatch('docs://\u03c2/1')).toBe(true);
  });
});
