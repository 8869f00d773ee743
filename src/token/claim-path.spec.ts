import { expect, it } from 'vitest';
import { valueAt } from './claim-path.js';

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
