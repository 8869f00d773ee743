import { describe, expect, it } from 'vitest';
import { ISSUER } from '../../test/support/constants.js';
import { checkAudience, checkClaims, checkTimes } from './claims.js';
import type { IssuerRules } from './issuers/issuer-rules.js';

const NOW_MS = 1_800_000_000_123;
const refused = (code: string, claim?: string) => expect.objectContaining({ name: 'AuthError', code, claim });
const rules = (changes: Partial<IssuerRules> = {}): IssuerRules => ({
  issuer: ISSUER,
  audience: ['api'],
  jwksUri: undefined,
  algorithms: [],
  tokenType: undefined,
  requiredClaims: {},
  ...changes,
});

describe('checkTimes', () => {
  it.each([0, 5_000])('is exact to the millisecond, with a tolerance of %i ms', (toleranceMs) => {
    for (let ms = 0; ms < 2_000; ms += 1) {
      const now = NOW_MS + ms;
      const exp = (now - toleranceMs) / 1_000;
      expect(() => checkTimes({ exp }, now, toleranceMs)).toThrow(refused('expired'));
      expect(() => checkTimes({ exp }, now - 1, toleranceMs)).not.toThrow();
      const nbf = (now + toleranceMs) / 1_000;
      expect(() => checkTimes({ exp: 1e10, nbf }, now, toleranceMs)).not.toThrow();
      expect(() => checkTimes({ exp: 1e10, nbf }, now - 1, toleranceMs)).toThrow(refused('not_yet_valid'));
    }
  });

  it.each([undefined, null, '9999999999', true, [], {}, Infinity, NaN])('refuses %o for exp', (exp) => {
    expect(() => checkTimes({ exp }, NOW_MS, 0)).toThrow(refused('invalid_claim', 'exp'));
  });

  it.each([-0, 0, -1, -1e300])('takes %o as a time in the past', (exp) => {
    expect(() => checkTimes({ exp }, NOW_MS, 0)).toThrow(refused('expired'));
    expect(() => checkTimes({ exp: 1e300, nbf: exp, iat: exp }, NOW_MS, 0)).not.toThrow();
  });
});

describe('checkAudience', () => {
  it('refuses an empty one as missing', () => {
    for (const aud of [undefined, null, '', [], [''], [null]])
      expect(() => checkAudience({ aud }, rules())).toThrow(refused('missing_audience'));
  });

  it('refuses one that names others, or is malformed, as wrong', () => {
    for (const aud of ['other', ['other'], [['api']], ['api', 1], ['api', null], { api: 1 }, 1])
      expect(() => checkAudience({ aud }, rules())).toThrow(refused('wrong_audience'));
  });

  it.each(['api', ['api'], ['other', 'api']])('takes %o', (aud) => {
    expect(() => checkAudience({ aud }, rules())).not.toThrow();
  });

  it('checks the type alone where the audience is null', () => {
    for (const aud of [undefined, 'any', ['any']]) {
      expect(() => checkAudience({ aud }, rules({ audience: null }))).not.toThrow();
    }
    expect(() => checkAudience({ aud: [1] }, rules({ audience: null }))).toThrow(refused('wrong_audience'));
  });
});

describe('checkClaims', () => {
  const profile = { aud: 'api', sub: 's', client_id: 'c', iat: 1, jti: 'j' };
  const options = { senderConstrained: 'refuse' } as const;

  it('requires each claim of RFC 9068 under the profile, and only there', () => {
    const strict = rules({ tokenType: ['at+jwt'], audience: null });
    expect(() => checkClaims(profile, strict, options)).not.toThrow();
    for (const claim of Object.keys(profile)) {
      const lacking = { ...profile, [claim]: undefined };
      expect(() => checkClaims(lacking, strict, options)).toThrow(refused('invalid_claim', claim));
      expect(() => checkClaims(lacking, rules(), options)).not.toThrow();
    }
    expect(() => checkClaims({ ...profile, aud: [] }, strict, options)).toThrow(
      refused('invalid_claim', 'aud'),
    );
  });

  it('takes required claims from own members alone', () => {
    const wanted = rules({ requiredClaims: { constructor: ['x'], token_use: ['access'] } });
    expect(() => checkClaims({ token_use: 'access' }, wanted, options)).toThrow(
      refused('invalid_claim', 'constructor'),
    );
    expect(() => checkClaims({ token_use: 'access', constructor: 'x' }, wanted, options)).not.toThrow();
  });
});

describe('audiences of a place', () => {
  const [API, OLD] = ['https://api.example.com', 'https://old.example.com'];
  const [ADMIN, OTHER] = ['https://admin.example.com', 'https://other.example.com'];
  const AUDIENCE = { audience: [API, OLD] };
  const verdict = (
    aud: unknown,
    named?: readonly string[],
    issuer: { audience: string[] | null } = AUDIENCE,
  ) => {
    try {
      checkAudience({ aud }, issuer, [ADMIN], named);
      return 'passes';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('accepts a further audience only where it is named', () => {
    expect(verdict(ADMIN)).toBe('wrong_audience');
    expect(verdict(ADMIN, [ADMIN])).toBe('passes');
    expect(verdict([ADMIN, API])).toBe('passes');
    expect(verdict(API, [ADMIN])).toBe('wrong_audience');
    expect(verdict([], [ADMIN])).toBe('missing_audience');
  });

  it('narrows the audiences of the issuer to those that are named', () => {
    expect(verdict(OLD)).toBe('passes');
    expect(verdict(OLD, [API])).toBe('wrong_audience');
    expect(verdict(API, [API, ADMIN])).toBe('passes');
  });

  it('accepts nothing that is neither of the issuer nor a further one, although it is named', () => {
    expect(verdict(OTHER, [OTHER])).toBe('wrong_audience');
  });

  it('keeps further audiences apart where the audience of the issuer is not checked', () => {
    const unchecked = { audience: null };
    expect(verdict(OTHER, undefined, unchecked)).toBe('passes');
    expect(verdict(undefined, undefined, unchecked)).toBe('passes');
    expect(verdict(ADMIN, undefined, unchecked)).toBe('wrong_audience');
    expect(verdict(ADMIN, [ADMIN], unchecked)).toBe('passes');
    expect(verdict(OTHER, [ADMIN], unchecked)).toBe('wrong_audience');
  });
});
