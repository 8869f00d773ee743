import { expect, it } from 'vitest';
import { valueAt, valuesAt } from './claim-path.js';

it('finds a name with dots as a whole before it is split', () => {
  const claims = { 'https://example.com/roles': ['a'], 'a.b': 1, a: { b: 2, c: { d: 3 } } };
  expect(valueAt(claims, 'https://example.com/roles')).toEqual(['a']);
  expect(valueAt(claims, 'a.b')).toBe(1);
  expect(valueAt(claims, 'a.c.d')).toBe(3);
});

it('finds nothing that is not the own member of an object', () => {
  for (const path of ['constructor', 'a.constructor', '__proto__', 'toString.name', 'a.b.c', '', '.']) {
    expect(valueAt({ a: { b: 1 } }, path)).toBeUndefined();
  }
  expect(valueAt(null, 'a')).toBeUndefined();
});

it('splits a path at its dots in every way, so that names with dots are found at any depth', () => {
  const claims = {
    resource_access: { 'my.api': { roles: ['a'] }, my: { other: 1 } },
    'https://example.com/app': { 'x.y': { z: 2 } },
    a: { 'b.c.d': 3, 'b.c': { d: 4, e: 5 }, b: { c: { d: 6, f: 7 } } },
  };
  expect(valueAt(claims, 'resource_access.my.api.roles')).toEqual(['a']);
  expect(valueAt(claims, 'resource_access.my.other')).toBe(1);
  expect(valueAt(claims, 'https://example.com/app.x.y.z')).toBe(2);
  expect(valueAt(claims, 'a.b.c.e')).toBe(5);
  expect(valueAt(claims, 'a.b.c.f')).toBe(7);
  expect(valuesAt(claims, 'a.b.c.d')).toEqual([3, 4, 6]);
});

it('searches objects that refer to each other once for each rest of a path', () => {
  const user: Record<string, unknown> = {};
  for (let length = 1; length <= 30; length += 1) user[Array(length).fill('a').join('.')] = user;
  expect(valueAt(user, `${'a.'.repeat(200)}b`)).toBeUndefined();
  user['b'] = 1;
  expect(valueAt(user, `${'a.'.repeat(200)}b`)).toBe(1);
});
