import { Keyv } from 'keyv';
import { describe, expect, it } from 'vitest';
import { SECRET } from '../../test/support/constants.js';
import { resolveKeyOptions, type KeyOptions } from './key.options.js';

const store = new Keyv();
const option = (name: string, expectation: string) =>
  new TypeError(`nestjs-jwks-auth: option "keys.${name}" ${expectation}`);

describe('keys.storeSecret', () => {
  it.each([
    ['one secret', SECRET, [SECRET]],
    ['several', [SECRET, `${SECRET}2`], [SECRET, `${SECRET}2`]],
    ['null', null, null],
  ])('may be %s', (_, storeSecret, resolved) => {
    expect(resolveKeyOptions({ store, storeSecret }).storeSecret).toEqual(resolved);
  });

  it.each([
    ['missing', undefined, 'is required with keys.store; null switches signatures off'],
    ['too short', 'a'.repeat(31), 'must have at least 32 bytes'],
    ['too short in one place', [SECRET, 'a'.repeat(31)], 'must have at least 32 bytes'],
    ['an empty list', [], 'must be a non-empty string or a non-empty array of them'],
    ['no text', 42, 'must be a non-empty string or a non-empty array of them'],
  ])('may not be %s', (_, storeSecret, expectation) => {
    expect(() => resolveKeyOptions({ store, storeSecret } as KeyOptions)).toThrow(
      option('storeSecret', expectation),
    );
  });

  it('makes no sense without a store', () => {
    expect(() => resolveKeyOptions({ storeSecret: SECRET })).toThrow(
      option('storeSecret', 'needs keys.store'),
    );
  });
});

it('keys.store must be a Keyv', () => {
  const keys = { store: new Map(), storeSecret: SECRET } as unknown as KeyOptions;
  expect(() => resolveKeyOptions(keys)).toThrow(option('store', 'must be a Keyv instance, 5.6 or newer 5.x'));
});
