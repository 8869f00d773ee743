import { forgeToken, goodClaims, goodHeader } from '../../libs/testing/src/minting.js';
import { refused, VerifierScene } from '../../test/support/verifier-scene.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkClaims, checkType } from './claims.js';
import { resolveIssuer, type IssuerRules } from './issuers/issuer-rules.js';
import { parseJws } from './jws.js';
import { absent, present, type IssuerOptions } from './token.options.js';

const ISSUER = { issuer: 'https://issuer.test', audience: 'https://api.example' };
const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';
const rules = (changes: object = {}): IssuerRules =>
  resolveIssuer({ ...ISSUER, ...changes } as IssuerOptions, '', false);
/** The code of a refusal. */
function verdict(check: () => void): string {
  try {
    check();
    return 'passes';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
const typed = (typ: string | undefined, tokenType?: string | readonly string[]): string =>
  verdict(() =>
    checkType(typ === undefined ? { alg: 'ES256' } : { alg: 'ES256', typ }, rules({ tokenType })),
  );
const claimed = (changes: object, options: object = {}): string =>
  verdict(() =>
    checkClaims({ ...goodClaims(ISSUER), ...changes }, rules(options), { senderConstrained: 'refuse' }),
  );

describe('tokenType', () => {
  it('by default is at+jwt, JWT or nothing', () => {
    for (const typ of ['at+jwt', 'JWT', 'application/AT+JWT', undefined]) expect(typed(typ)).toBe('passes');
    for (const typ of ['JOSE', 'dpop+jwt', '', 'at']) expect(typed(typ)).toBe('wrong_type');
  });

  it('may be a list, of which typ must be one', () => {
    const list = ['at+jwt', 'JWT', 'Application/JOSE', 'application/acme.v1+jwt'];
    for (const typ of ['AT+jwt', 'jwt', 'application/jwt', 'jose', 'ACME.v1+jwt'])
      expect([typ, typed(typ, list)]).toEqual([typ, 'passes']);
    for (const typ of [undefined, '', 'logout+jwt', 'text/jwt', 'jwt; v=1', 'application/application/jwt'])
      expect([typ, typed(typ, list)]).toEqual([typ, 'wrong_type']);
  });

  it('may be one type', () => {
    expect([typed('JWT', 'jwt'), typed('at+jwt', 'jwt'), typed(undefined, 'jwt')]).toEqual([
      'passes',
      'wrong_type',
      'wrong_type',
    ]);
  });

  it('asks for the RFC 9068 profile where it is nothing but at+jwt', () => {
    for (const tokenType of ['at+jwt', ['at+jwt'], ['application/at+jwt', 'AT+JWT']]) {
      expect(claimed({ jti: undefined }, { tokenType })).toBe('invalid_claim');
      expect(claimed({}, { tokenType })).toBe('passes');
    }
    expect(claimed({ jti: undefined }, { tokenType: ['at+jwt', 'JWT'] })).toBe('passes');
  });

  it('is checked at start', () => {
    for (const tokenType of [[], '', [''], ['at+jwt; v=1'], [1], null, 'a b', '/jwt', 'a/b/c'])
      expect(() => rules({ tokenType })).toThrow(/option "tokenType"/);
  });

  it('takes the place of an audience only where it tells access tokens from ID tokens', () => {
    for (const tokenType of ['at+jwt', ['at+jwt', 'acme+jwt']])
      expect(rules({ audience: null, tokenType }).audience).toBeNull();
    for (const tokenType of ['JWT', ['at+jwt', 'JOSE'], ['application/jwt']])
      expect(() => rules({ audience: null, tokenType })).toThrow(/option "audience" is null/);
  });
});

describe('requiredClaims', () => {
  it('asks for presence and absence', () => {
    const requiredClaims = { sid: present, nonce: absent };
    for (const sid of ['x', '', 0, false, [], {}])
      expect(claimed({ sid }, { requiredClaims })).toBe('passes');
    for (const changes of [{}, { sid: null }, { sid: 1, nonce: 'n' }, { sid: 1, nonce: null }])
      expect(claimed(changes, { requiredClaims })).toBe('invalid_claim');
  });

  it('takes alternatives', () => {
    const requiredClaims = { token_use: ['access', absent] };
    for (const changes of [{}, { token_use: 'access' }])
      expect(claimed(changes, { requiredClaims })).toBe('passes');
    expect(claimed({ token_use: 'id' }, { requiredClaims })).toBe('invalid_claim');
  });

  it('is checked at start', () => {
    for (const wrong of [Symbol('present'), NaN, [NaN], [], null, {}, [absent, null]])
      expect(() => rules({ requiredClaims: { sid: wrong } })).toThrow(/option "requiredClaims.sid"/);
  });
});

describe('another kind of token', () => {
  const KINDS: readonly [string, unknown][] = [
    ['at_hash', 'x'],
    ['c_hash', 'x'],
    ['s_hash', 'x'],
    ['at_hash', ''],
    ['c_hash', null],
    ['events', { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} }],
  ];
  it.each(KINDS)('is refused by its claim %s: %j, unless that is asked for', (claim, value) => {
    expect(claimed({ [claim]: value })).toBe('wrong_type');
    expect(claimed({ [claim]: value }, { requiredClaims: null })).toBe('wrong_type');
    expect(claimed({ [claim]: value }, { requiredClaims: { sub: 'user-1' } })).toBe('wrong_type');
    expect(claimed({ [claim]: value }, { requiredClaims: { [claim]: [present, absent] } })).toBe(
      value === null ? 'invalid_claim' : 'passes',
    );
    expect(claimed({}, { requiredClaims: { [claim]: [present, absent] } })).toBe('passes');
    expect(claimed({}, { requiredClaims: { [claim]: present } })).toBe('invalid_claim');
    expect(claimed({})).toBe('passes');
  });

  it('is refused where it is a logout token, whatever is asked for', () => {
    const requiredClaims = { events: present };
    const event = { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} };
    expect(claimed({ events: event }, { requiredClaims })).toBe('passes');
    expect(claimed({ events: { ...event, [LOGOUT]: {} } }, { requiredClaims })).toBe('wrong_type');
    expect(claimed({ events: { [LOGOUT]: null } }, { requiredClaims })).toBe('wrong_type');
    expect(claimed({ events: { [LOGOUT]: {} } })).toBe('wrong_type');
  });

  it('is refused by each claim of it that is not asked for', () => {
    const requiredClaims = { at_hash: present };
    expect(claimed({ at_hash: 'x', c_hash: 'x' }, { requiredClaims })).toBe('wrong_type');
    expect(claimed({ at_hash: 'x' }, { requiredClaims })).toBe('passes');
  });

  it('is not what access tokens may carry too', () => {
    const common = { nonce: 'n', auth_time: 1, acr: '1', amr: ['pwd'], azp: 'c', sid: 's' };
    expect(claimed(common)).toBe('passes');
    for (const events of [['launch'], 'launch', null]) expect(claimed({ events })).toBe('passes');
  });
});

describe('an encrypted token', () => {
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const JWE = encode('{"alg":"RSA-OAEP","enc":"A256GCM"}');
  const JWS = encode('{"alg":"ES256"}');
  const parsed = (token: string): string => verdict(() => parseJws(token));

  it('is told by its five parts, or by enc, whatever else', () => {
    for (const token of [`${JWE}.AA.AA.AA.AA`, `${JWE}..AA.AA.AA`, `${JWS}.AA.AA.AA.AA`])
      expect(parsed(token)).toBe('encrypted_token');
    for (const token of [JWE, `${JWE}.AA`, `${JWE}.AA.AA`, `${JWE}.A.A.A`, `${encode('{"enc":null}')}.e30.`])
      expect(parsed(token)).toBe('encrypted_token');
  });

  it('is none without a header that is a JSON object', () => {
    for (const token of ['....', 'a.b.c.d.e', `${encode('[]')}.AA.AA.AA.AA`, `${JWS}.AA.AA.AA`, JWS])
      expect(parsed(token)).toBe('malformed_token');
    expect(parsed(`${JWS}.AA.AA`)).toBe('passes');
  });
});

describe('a verifier', () => {
  let scene: VerifierScene;
  beforeEach(async () => {
    scene = await VerifierScene.create();
  });

  it('refuses each by its own code', async () => {
    const verifier = scene.verifierWith();
    const signed = (header: object, claims: object) =>
      forgeToken({
        header: { ...goodHeader(scene.key), ...header },
        payload: { ...goodClaims(ISSUER), ...claims },
        key: scene.key,
      });
    const refusals = {
      encrypted_token: signed({ enc: 'A256GCM' }, {}),
      missing_audience: signed({}, { aud: [] }),
      wrong_type: signed({ typ: 'JWT' }, { at_hash: 'x' }),
    };
    for (const [code, token] of Object.entries(refusals))
      await expect(verifier.verify(token)).rejects.toThrow(refused(code));
    await expect(verifier.verify(signed({ typ: 'JWT' }, {}))).resolves.toBeDefined();
  });

  it('names the claim that tells the kind', async () => {
    const token = scene.tokenFor({ c_hash: 'x' });
    await expect(scene.verifierWith().verify(token)).rejects.toMatchObject({ claim: 'c_hash' });
  });
});
