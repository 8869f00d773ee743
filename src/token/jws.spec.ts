import { describe, expect, it } from 'vitest';
import { parseClaims, parseJws } from './jws.js';

const encode = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64url');
const HEADER = '{"alg":"ES256","kid":"k"}';
const token = (header: string | Uint8Array = HEADER, payload: string | Uint8Array = '{}'): string =>
  `${encode(header)}.${encode(payload)}.AAAA`;
const refused = (code: string) => expect.objectContaining({ name: 'AuthError', code });

describe('parseJws', () => {
  it('splits a token, whatever its payload', () => {
    const { header, payload, signingInput, signature } = parseJws(token(HEADER, 'no JSON'));
    expect(header).toEqual({ alg: 'ES256', kid: 'k' });
    expect(payload.toString()).toBe('no JSON');
    expect(signingInput.toString()).toBe(`${encode(HEADER)}.${encode('no JSON')}`);
    expect(signature).toEqual(Buffer.alloc(3));
  });

  it('accepts empty parts, which are canonical, but for the header', () => {
    expect(parseJws(`${encode(HEADER)}..`).signature).toHaveLength(0);
    expect(() => parseJws('.e30.')).toThrow(refused('malformed_token'));
  });

  it('refuses base64url that is not canonical, in each of the parts', () => {
    const parts = token().split('.');
    for (const [index, part] of parts.entries()) {
      for (const other of [`${part}=`, ` ${part}`, `${part}\n`, `+${part.slice(1)}`, `é${part}`]) {
        const spoilt = parts.map((one, i) => (i === index ? other : one)).join('.');
        expect(() => parseJws(spoilt)).toThrow(refused('malformed_token'));
      }
    }
    // The last two bits of AB stand for nothing.
    expect(() => parseJws(`${encode(HEADER)}.e30.AB`)).toThrow(refused('malformed_token'));
  });

  it.each(['{"crit":["exp"]}', '{"crit":[]}', '{"crit":null}', '{"b64":true}', '{"b64":false}'])(
    'refuses %s as an extension',
    (member) => {
      const header = `{"alg":"ES256",${member.slice(1)}`;
      expect(() => parseJws(token(header))).toThrow(refused('unsupported_critical'));
    },
  );

  it('keeps the last of members with one name, and nothing of __proto__', () => {
    const { header } = parseJws(token('{"alg":"none","__proto__":{"kid":"evil"},"alg":"ES256"}'));
    expect(header.alg).toBe('ES256');
    expect(header.kid).toBeUndefined();
  });
});

describe('parseClaims', () => {
  const claimsIn = (payload: string | Uint8Array): unknown => parseClaims(parseJws(token(HEADER, payload)));

  it('takes any JSON object, lone surrogates in escapes included', () => {
    expect(claimsIn(' {"a":"\\ud800"}\n')).toEqual({ a: '\ud800' });
  });

  it.each(['', '[]', 'null', '1', '"a"', '{', '{}x', '\u{feff}{}', "{'a':1}", '{"a":01}', '{"a":NaN}'])(
    'refuses %j',
    (payload) => {
      expect(() => claimsIn(payload)).toThrow(refused('malformed_token'));
    },
  );

  it('refuses bytes that are no UTF-8, lone surrogates among them', () => {
    for (const bytes of [Buffer.of(0xff), Buffer.of(0xc0, 0x80), Buffer.of(0xed, 0xa0, 0x80)]) {
      const json = Buffer.concat([Buffer.from('{"a":"'), bytes, Buffer.from('"}')]);
      expect(() => claimsIn(json)).toThrow(refused('malformed_token'));
    }
  });

  it('refuses any depth above 32, and survives it', () => {
    const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expect(() => claimsIn(deep)).toThrow(expect.objectContaining({ code: 'malformed_token' }));
  });
});
