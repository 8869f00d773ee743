import { expect, it } from 'vitest';
import { parseJws } from './jws.js';
import { HeaderCache } from './header-cache.js';

const textOf = (header: object): string => Buffer.from(JSON.stringify(header)).toString('base64url');
const jwsOf = (header: object) => parseJws(`${textOf(header)}.e30.AA`);

it('returns a kept header by its text, frozen', () => {
  const cache = new HeaderCache();
  const header = { alg: 'ES256', kid: 'a', jwk: { kty: 'EC' } };
  expect(cache.get(textOf(header))).toBeUndefined();
  const kept = cache.keep(jwsOf(header));
  expect(cache.get(textOf(header))).toBe(kept);
  expect(kept).toEqual(header);
  expect(Object.isFrozen(kept['jwk'])).toBe(true);
  expect(cache.keep(jwsOf(header))).toBe(kept);
  expect(cache.get(textOf({ ...header, kid: 'b' }))).toBeUndefined();
});

it('keeps none that must not be shared', () => {
  const cache = new HeaderCache();
  const header = Buffer.from('{"alg":"ES256","__proto__":{}}').toString('base64url');
  expect(() => cache.keep(parseJws(`${header}.e30.AA`))).toThrow(
    expect.objectContaining({ code: 'malformed_token' }),
  );
  expect(cache.get(header)).toBeUndefined();
});

it('is emptied when it is full', () => {
  const cache = new HeaderCache();
  const header = (kid: number) => ({ alg: 'ES256', kid: `${kid}` });
  for (let kid = 0; kid < 1_000; kid += 1) cache.keep(jwsOf(header(kid)));
  expect(cache.get(textOf(header(0)))).toBeDefined();
  cache.keep(jwsOf(header(1_000)));
  expect(cache.get(textOf(header(0)))).toBeUndefined();
  expect(cache.get(textOf(header(1_000)))).toBeDefined();
});
