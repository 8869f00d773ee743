import { expect, it } from 'vitest';
import { perRequest } from './per-request.js';

it('keeps state on a request, invisible to other code and left out of copies', () => {
  const states = perRequest<string>();
  const [request, other] = [{}, {}];
  expect(states.get(request)).toBeUndefined();
  states.set(request, 'ours');
  expect(states.get(request)).toBe('ours');
  expect(states.get(other)).toBeUndefined();
  expect(Reflect.ownKeys(request)).toEqual([]);
  const copies = [{ ...request }, structuredClone(request), Object.create(request) as object];
  for (const copy of copies) expect(states.get(copy)).toBeUndefined();
});

it('is isolated from other states on the same request, and is set once only', () => {
  const [ours, theirs] = [perRequest<string>(), perRequest<string>()];
  const request = {};
  ours.set(request, 'ours');
  expect(theirs.get(request)).toBeUndefined();
  theirs.set(request, 'theirs');
  expect([ours.get(request), theirs.get(request)]).toEqual(['ours', 'theirs']);
  expect(() => ours.set(request, 'again')).toThrow(TypeError);
});
