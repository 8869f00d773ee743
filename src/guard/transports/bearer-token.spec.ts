import { describe, expect, it } from 'vitest';
import { bearerToken } from './bearer-token.js';

const LONG = ' '.repeat(1_000_000);
const outcomeOf = (authorization: string): string => {
  try {
    return `token ${bearerToken({ headers: { authorization } })}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('an Authorization header of a million characters', () => {
  // Read in a time that grows with the square of the length, each would take many minutes.
  it.each([
    ['spaces and a line separator', `Bearer ${LONG}\u2028`, 'malformed_request'],
    ['spaces and a line break', `Bearer ${LONG}x\n`, 'malformed_request'],
    ['spaces', `Bearer${LONG}`, 'malformed_request'],
    ['spaces of another scheme', `Basic${LONG}`, 'missing_token'],
    ['a scheme without an end', 'B'.repeat(1_000_000) + '\u2028', 'malformed_request'],
    ['spaces before a token', `Bearer${LONG}abc`, 'token abc'],
  ])('is read once: %s', (_, header, outcome) => {
    expect(outcomeOf(header)).toBe(outcome);
  });
});
