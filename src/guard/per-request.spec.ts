import { expect, it } from 'vitest';
import { requestMarks } from './per-request.js';

it('keeps a mark on a request, where no other code sees or takes it', () => {
  const marks = requestMarks<string>();
  const [request, other] = [{}, {}];
  expect(marks.get(request)).toBeUndefined();
  marks.set(request, 'ours');
  expect(marks.get(request)).toBe('ours');
  expect(marks.get(other)).toBeUndefined();
  expect(Reflect.ownKeys(request)).toEqual([]);
  const copies = [{ ...request }, structuredClone(request), Object.create(request) as object];
  for (const copy of copies) expect(marks.get(copy)).toBeUndefined();
});

it('knows nothing of the marks of others, and sets none twice', () => {
  const [ours, theirs] = [requestMarks<string>(), requestMarks<string>()];
  const request = {};
  ours.set(request, 'ours');
  expect(theirs.get(request)).toBeUndefined();
  theirs.set(request, 'theirs');
  expect([ours.get(request), theirs.get(request)]).toEqual(['ours', 'theirs']);
  expect(() => ours.set(request, 'again')).toThrow(TypeError);
});
