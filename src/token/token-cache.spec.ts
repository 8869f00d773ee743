import { expect, it } from 'vitest';
import type { KeyRing } from '../keys/key-ring.js';
import { digestOf, VerifiedTokens, type VerifiedEntry } from './token-cache.js';

const entry = (digest: string): VerifiedEntry =>
  ({
    digest,
    verified: {},
    ring: { isUsable: true, generation: 1 } as KeyRing,
    generation: 1,
  }) as VerifiedEntry;

it('a token that is used stays, and one that is not gives way', () => {
  const tokens = new VerifiedTokens(2);
  tokens.remember(entry('first'));
  tokens.remember(entry('second'));
  expect(tokens.recall('first')).toBeDefined();
  tokens.remember(entry('third'));
  expect(tokens.recall('first')).toBeDefined();
  expect(tokens.recall('second')).toBeUndefined();
});

it('no more are remembered than may be, also when all are in use', () => {
  const max = 20;
  const tokens = new VerifiedTokens(max);
  for (let i = 0; i < max; i += 1) tokens.remember(entry(digestOf(`early ${i}`)));
  for (let i = 0; i < max; i += 1) expect(tokens.recall(digestOf(`early ${i}`))).toBeDefined();
  for (let i = 0; i < max; i += 1) {
    tokens.remember(entry(digestOf(`late ${i}`)));
    expect(tokens.recall(digestOf(`late ${i}`))).toBeDefined();
    expect(tokens.size).toBe(max);
  }
});

it('two whose digests begin alike are never taken for each other', () => {
  const tokens = new VerifiedTokens(2);
  tokens.remember(entry('same first'));
  expect(tokens.recall('same second')).toBeUndefined();
  tokens.remember(entry('same second'));
  expect(tokens.recall('same second')).toMatchObject({ digest: 'same second' });
  expect(tokens.recall('same first')).toBeUndefined();
});
