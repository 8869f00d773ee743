import { expect, it } from 'vitest';
import type { KeyRing } from '../keys/key-ring.js';
import { VerifiedTokens, type VerifiedEntry } from './verified-tokens.js';

const entry = (): VerifiedEntry =>
  ({ verified: {}, ring: { isUsable: true, generation: 1 } as KeyRing, generation: 1 }) as VerifiedEntry;

it('a token that is used stays, and one that is not gives way', () => {
  const tokens = new VerifiedTokens(2);
  tokens.remember('first', entry());
  tokens.remember('second', entry());
  expect(tokens.recall('first')).toBeDefined();
  tokens.remember('third', entry());
  expect(tokens.recall('first')).toBeDefined();
  expect(tokens.recall('second')).toBeUndefined();
});

it('no more are remembered than may be, also when all are in use', () => {
  const max = 20;
  const tokens = new VerifiedTokens(max);
  for (let i = 0; i < max; i += 1) tokens.remember(`early ${i}`, entry());
  for (let i = 0; i < max; i += 1) expect(tokens.recall(`early ${i}`)).toBeDefined();
  for (let i = 0; i < max; i += 1) {
    tokens.remember(`late ${i}`, entry());
    expect(tokens.recall(`late ${i}`)).toBeDefined();
    expect(tokens.size).toBe(max);
  }
});
