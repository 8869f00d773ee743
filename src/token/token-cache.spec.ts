import { expect, it } from 'vitest';
import type { KeyRing } from '../keys/key-ring.js';
import type { CachedToken } from './access-token.js';
import { TokenCache } from './token-cache.js';

const ring = { isUsable: true, generation: 1 } as KeyRing;
const token = (): CachedToken => ({ verified: {}, ring, key: {}, generation: 1 }) as CachedToken;

it('keeps a token that is used, and evicts the least recently used one', () => {
  const tokens = new TokenCache(2);
  for (const digest of ['first', 'second']) tokens.set(digest, token());
  expect(tokens.get('first')).toBeDefined();
  tokens.set('third', token());
  expect([tokens.get('first'), tokens.get('second')]).toEqual([expect.anything(), undefined]);
  expect(tokens.size).toBe(2);
});

it('returns no token while its ring is unusable, and returns it again afterwards', () => {
  const tokens = new TokenCache(2);
  let isUsable = false;
  const outage = Object.defineProperty({ generation: 1 }, 'isUsable', { get: () => isUsable }) as KeyRing;
  tokens.set('digest', { ...token(), ring: outage });
  expect(tokens.get('digest')).toBeUndefined();
  isUsable = true;
  expect(tokens.get('digest')).toBeDefined();
});
