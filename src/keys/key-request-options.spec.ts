import { expect, it } from 'vitest';
import { resolveKeyOptions } from './key.options.js';

it.each([
  [{ 'x-key': 'a\nb' }, 'keys.requestHeaders.x-key'],
  [{ 'x-key': 'line \u2028' }, 'keys.requestHeaders.x-key'],
  [{ 'x key': 'a' }, 'keys.requestHeaders.x key'],
  [{ 'x-key': 1 }, 'keys.requestHeaders.x-key'],
  [null, 'keys.requestHeaders'],
  ['x-key: a', 'keys.requestHeaders'],
])('headers that cannot be sent end the start: %j', (requestHeaders, name) => {
  const resolve = () => resolveKeyOptions({ requestHeaders: requestHeaders as never });
  expect(resolve).toThrow(TypeError);
  expect(resolve).toThrow(`option "${name}"`);
  expect(resolveKeyOptions({ requestHeaders: { 'x-key': 'a' } }).requestHeaders).toEqual({ 'x-key': 'a' });
});
