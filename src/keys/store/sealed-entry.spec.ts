import { describe, expect, it } from 'vitest';
import { ISSUER, OLD_SECRET, SECRET } from '../../../test/support/constants.js';
import { openEntry, sealEntry, type StoreSecrets } from './sealed-entry.js';

const BODY = { issuer: ISSUER, wallAt: 1, keys: [{ kid: 'a' }] };
const sealed = sealEntry('jwks', BODY, [OLD_SECRET]);

/** The body of an entry, or the reason why it is refused. */
const open = (entry: unknown, secrets: StoreSecrets = [OLD_SECRET]): unknown => {
  try {
    return openEntry('jwks', entry, secrets);
  } catch (error) {
    return (error as { reason: string }).reason;
  }
};

describe('a signed entry', () => {
  it('is opened with the secret that signed it', () => {
    expect(open(sealed)).toEqual(BODY);
  });

  it('is refused when any single character has changed', () => {
    // The last letter of the signature is left out: it carries four bits only, so another may mean the same.
    const places = [...sealed].map((_, at) => at).filter((at) => at !== sealed.indexOf('.{') - 1);
    for (const at of places) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      const reason = open(sealed.slice(0, at) + other + sealed.slice(at + 1));
      expect([at, reason]).toEqual([at, expect.stringMatching(/^(malformed|wrong_signature)$/)]);
    }
  });

  it('is refused when it is truncated', () => {
    for (let end = 0; end < sealed.length; end += 1) {
      expect(open(sealed.slice(0, end))).toMatch(/^(malformed|wrong_signature|unsigned)$/);
    }
  });

  it.each([
    ['of another secret', sealEntry('jwks', BODY, [SECRET]), 'wrong_signature'],
    ['of the other kind', sealEntry('denied', BODY, [OLD_SECRET]), 'malformed'],
    [
      'of the other kind by name only',
      sealed.replace('jwks', 'denied').replace('denied', 'jwks '),
      'malformed',
    ],
    ['of another version', sealed.replace('jwks.1', 'jwks.2'), 'malformed'],
    ['without a signature', sealEntry('jwks', BODY, null), 'unsigned'],
    [
      'longer than any response of an issuer may be',
      sealEntry('jwks', { pad: 'x'.repeat(9_000_000) }, [OLD_SECRET]),
      'too_large',
    ],
    ['that is no text', { sealed }, 'malformed'],
  ])('is refused when it is one %s', (_, entry, reason) => {
    expect(open(entry)).toBe(reason);
    expect(open(sealed)).toEqual(BODY);
  });
});

describe('secrets', () => {
  it('rotate: the first signs, all verify', () => {
    const rotated = sealEntry('jwks', BODY, [SECRET, OLD_SECRET]);
    expect(open(rotated, [SECRET])).toEqual(BODY);
    expect(open(rotated, [OLD_SECRET, SECRET])).toEqual(BODY);
    expect(open(rotated, [OLD_SECRET])).toBe('wrong_signature');
    expect(open(sealed, [SECRET, OLD_SECRET])).toEqual(BODY);
  });

  it('are optional, and without them a signed entry is refused', () => {
    expect(open(sealEntry('jwks', BODY, null), null)).toEqual(BODY);
    expect(open(sealed, null)).toBe('signed');
  });
});
