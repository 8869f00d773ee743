import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseClaims, parseJws } from './jws.js';

afterEach(() => vi.restoreAllMocks());

const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
const encode = (text: string) => Buffer.from(text).toString('base64url');
const HEADER = '{"alg":"ES256"}';
const malformed = expect.objectContaining({ code: 'malformed_token' });

describe('JSON of a token that nests deeper than 32 levels', () => {
  it.each([33, 3_000])('is refused before it is parsed: %d levels', (levels) => {
    const inHeader = `${encode(`{"alg":"ES256","deep":${nested(levels - 1)}}`)}.${encode('{}')}.`;
    const inClaims = parseJws(`${encode(HEADER)}.${encode(nested(levels))}.`);
    const parse = vi.spyOn(JSON, 'parse');
    expect(() => parseJws(inHeader)).toThrow(malformed);
    expect(() => parseClaims(inClaims)).toThrow(malformed);
    expect(parse).not.toHaveBeenCalled();
  });

  it('is parsed where it has 32, and brackets in texts do not count', () => {
    for (const claims of [nested(32), JSON.stringify({ a: '['.repeat(99), 'b"\\': ['{"{'.repeat(99)] })]) {
      const jws = parseJws(`${encode(HEADER)}.${encode(claims)}.`);
      expect(parseClaims(jws)).toEqual(JSON.parse(claims));
    }
  });
});
