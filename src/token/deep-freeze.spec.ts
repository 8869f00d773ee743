import { expect, it } from 'vitest';
import { deepFreeze } from './deep-freeze.js';

const nested = (depth: number): object => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as object;

it('freezes objects and arrays all the way down', () => {
  const claims = deepFreeze({ roles: ['a', { b: ['c'] }], realm: { roles: ['d'] } });
  expect(() => claims.roles.push('e')).toThrow(TypeError);
  expect(() => (claims.roles[1] as { b: string[] }).b.push('e')).toThrow(TypeError);
  expect(() => claims.realm.roles.splice(0)).toThrow(TypeError);
});

it('refuses a member named __proto__ at any depth', () => {
  for (const json of ['{"__proto__":1}', '{"a":[{"__proto__":{}}]}']) {
    expect(() => deepFreeze(JSON.parse(json) as object)).toThrow('malformed');
  }
  expect(deepFreeze({ constructor: { prototype: {} } })).toBeDefined();
});

it('refuses what nests deeper than 32 levels, however deep', () => {
  expect(deepFreeze(nested(32))).toBeDefined();
  for (const depth of [33, 50_000]) expect(() => deepFreeze(nested(depth))).toThrow('malformed');
});
