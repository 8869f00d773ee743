import { createLocalJWKSet, createRemoteJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';

const keySetOf = async ({ jwksUri }: TestIssuer) => (await (await fetch(jwksUri)).json()) as JSONWebKeySet;
const kidsOf = async (issuer: TestIssuer) => (await keySetOf(issuer)).keys.map(({ kid }) => kid);

describe('the keys of a test issuer', () => {
  const verified = async (issuer: TestIssuer, token: string): Promise<boolean> => {
    const keys = createLocalJWKSet(await keySetOf(issuer));
    return jwtVerify(token, keys).then(
      () => true,
      () => false,
    );
  };

  it('rotate, and the old ones stay unless told otherwise', async () => {
    await using issuer = await startTestIssuer({ algorithm: 'ES256' });
    const old = issuer.token();
    const second = await issuer.rotate();
    expect(await kidsOf(issuer)).toEqual([issuer.keys[0]?.kid, second.kid]);
    expect([await verified(issuer, old), await verified(issuer, issuer.token())]).toEqual([true, true]);
    const third = await issuer.rotate({ keepOld: false, algorithm: 'EdDSA', kid: second.kid });
    expect(third).toMatchObject({ kid: second.kid, algorithm: 'EdDSA' });
    expect(issuer.keys).toEqual([third]);
    expect([await verified(issuer, old), await verified(issuer, issuer.token())]).toEqual([false, true]);
  });

  it('can be withdrawn, and come back', async () => {
    await using issuer = await startTestIssuer({ algorithm: 'ES256' });
    const [key] = issuer.keys;
    await issuer.rotate();
    const old = issuer.token({}, { key: key! });
    issuer.withdraw(key!.kid);
    expect(await verified(issuer, old)).toBe(false);
    expect(() => issuer.withdraw(key!.kid)).toThrow(key!.kid);
    await issuer.addKey(key!);
    expect(await verified(issuer, old)).toBe(true);
  });

  it('can be added without signing, or stay strangers', async () => {
    await using issuer = await startTestIssuer({ algorithm: 'ES256' });
    const [first] = issuer.keys;
    const added = await issuer.addKey({ algorithm: 'ES384', kid: 'second' });
    const stranger = await issuer.createKey();
    expect(await kidsOf(issuer)).toEqual([first?.kid, 'second']);
    expect(JSON.parse(Buffer.from(issuer.token().split('.')[0]!, 'base64url').toString())).toMatchObject({
      kid: first?.kid,
    });
    expect(await verified(issuer, issuer.token({}, { key: added }))).toBe(true);
    expect(await verified(issuer, issuer.token({}, { key: stranger }))).toBe(false);
  });

  it('give way to whatever a test publishes, to the byte', async () => {
    await using issuer = await startTestIssuer({ algorithm: 'ES256' });
    const bodyOf = async () => Buffer.from(await (await fetch(issuer.jwksUri)).arrayBuffer());
    issuer.publish({ keys: [null] });
    expect((await bodyOf()).toString()).toBe('{"keys":[null]}');
    issuer.publish('{"keys":[}');
    expect((await bodyOf()).toString()).toBe('{"keys":[}');
    issuer.publish(Buffer.of(0xff, 0x00));
    expect(await bodyOf()).toEqual(Buffer.of(0xff, 0x00));
    issuer.publish(undefined);
    expect(await verified(issuer, issuer.token())).toBe(true);
  });

  it('are found by an ordinary client over HTTP', async () => {
    await using issuer = await startTestIssuer({ algorithm: 'PS256' });
    const keys = createRemoteJWKSet(new URL(issuer.jwksUri));
    const { payload } = await jwtVerify(issuer.token(), keys, {
      issuer: issuer.issuer,
      audience: issuer.audience,
    });
    expect(payload.sub).toBe('user-1');
  });
});

describe('conditional requests for the key set', () => {
  const ask = (issuer: TestIssuer, headers: Record<string, string>) => fetch(issuer.jwksUri, { headers });

  it.each([
    ['if-none-match', 'etag'],
    ['if-modified-since', 'last-modified'],
  ])('with %s get 304 until the keys change, even within a second', async (condition, validator) => {
    await using issuer = await startTestIssuer({ algorithm: 'ES256', cacheControl: 'max-age=9' });
    const known = (await fetch(issuer.jwksUri)).headers.get(validator)!;
    const confirmed = await ask(issuer, { [condition]: known });
    expect([confirmed.status, await confirmed.text(), confirmed.headers.get('cache-control')]).toEqual([
      304,
      '',
      'max-age=9',
    ]);
    await issuer.rotate();
    const changed = await ask(issuer, { [condition]: known });
    expect(changed.status).toBe(200);
    const current = changed.headers.get(validator)!;
    issuer.publish({ keys: [] });
    expect((await ask(issuer, { [condition]: current })).status).toBe(200);
  });

  it('go by the entity tag where there are both', async () => {
    await using issuer = await startTestIssuer({ algorithm: 'ES256' });
    const since = (await fetch(issuer.jwksUri)).headers.get('last-modified')!;
    expect((await ask(issuer, { 'if-none-match': '"x"', 'if-modified-since': since })).status).toBe(200);
    expect((await ask(issuer, { 'if-none-match': '*' })).status).toBe(304);
  });
});
