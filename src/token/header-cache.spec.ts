import { expect, it } from 'vitest';
import { parseJws } from './jws.js';
import { HeaderCache } from './header-cache.js';

const textOf = (header: object): string => Buffer.from(JSON.stringify(header)).toString('base64url');
const jwsOf = (header: object) => parseJws(`${textOf(header)}.e30.AA`);

it('knows a header by its text, frozen, once it was kept', () => {
  const known = new HeaderCache();
  const header = { alg: 'ES256', kid: 'a', jwk: { kty: 'EC' } };
  expect(known.get(textOf(header))).toBeUndefined();
  const kept = known.keep(jwsOf(header));
  expect(known.get(textOf(header))).toBe(kept);
  expect(kept).toEqual(header);
  expect(Object.isFrozen(kept['jwk'])).toBe(true);
  expect(known.keep(jwsOf(header))).toBe(kept);
  expect(known.get(textOf({ ...header, kid: 'b' }))).toBeUndefined();
});

it('keeps none that may not be shared', () => {
  const known = new HeaderCache();
  const header = Buffer.from('{"alg":"ES256","__proto__":{}}').toString('base64url');
  expect(() => known.keep(parseJws(`${header}.e30.AA`))).toThrow(
    expect.objectContaining({ code: 'malformed_token' }),
  );
  expect(known.get(header)).toBeUndefined();
});

it('starts again from none when there are too many', () => {
  const known = new HeaderCache();
  const header = (kid: number) => ({ alg: 'ES256', kid: `${kid}` });
  for (let kid = 0; kid < 1_000; kid += 1) known.keep(jwsOf(header(kid)));
  expect(known.get(textOf(header(0)))).toBeDefined();
  known.keep(jwsOf(header(1_000)));
  expect(known.get(textOf(header(0)))).toBeUndefined();
  expect(known.get(textOf(header(1_000)))).toBeDefined();
});
