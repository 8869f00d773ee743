import { verify } from 'node:crypto';
import { compactVerify, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestKey, type TestKey } from './test-key.js';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';
import { SIGNING_ALGORITHMS, type TestAlgorithm } from './signing-algorithm.js';

const ALGORITHMS = Object.keys(SIGNING_ALGORITHMS) as TestAlgorithm[];
const partsOf = (token: string) => token.split('.').map((part) => Buffer.from(part, 'base64url').toString());

let issuer: TestIssuer;
let key: TestKey;
beforeAll(async () => {
  issuer = await startTestIssuer();
  [key] = issuer.keys as [TestKey];
});
afterAll(() => issuer.close());

describe('token()', () => {
  it('makes an access token of RFC 9068 that is valid for five minutes', async () => {
    const token = issuer.token();
    const { payload, protectedHeader } = await jwtVerify(token, key.publicKey, {
      issuer: issuer.issuer,
      audience: 'https://api.test',
      typ: 'at+jwt',
      requiredClaims: ['sub', 'client_id', 'iat', 'jti', 'exp'],
    });
    expect(protectedHeader).toEqual({ alg: 'RS256', kid: key.kid, typ: 'at+jwt' });
    expect(payload).toMatchObject({ sub: 'user-1', client_id: 'client-1' });
    expect(payload.exp! - payload.iat!).toBe(300);
    expect(decodeJwt(issuer.token()).jti).not.toBe(payload.jti);
  });

  it.each(ALGORITHMS.filter((name) => name !== 'ES256K'))(
    'signs as %s, and other clients agree',
    async (algorithm) => {
      const other = await createTestKey(algorithm);
      const { protectedHeader } = await jwtVerify(issuer.token({}, { key: other }), other.publicKey);
      expect(protectedHeader).toEqual({ alg: algorithm, kid: other.kid, typ: 'at+jwt' });
      await expect(
        jwtVerify(issuer.forge({ key: other, signature: 'garbage' }), other.publicKey),
      ).rejects.toThrow(/signature/);
    },
  );

  it('signs as ES256K, with R || S for a signature', async () => {
    const other = await createTestKey('ES256K');
    const [header, payload, signature = ''] = issuer.token({}, { key: other }).split('.');
    const publicKey = { key: other.publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const isValid = (bytes: Buffer) =>
      verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, bytes);
    expect(isValid(Buffer.from(signature, 'base64url'))).toBe(true);
    expect(isValid(Buffer.alloc(64, 1))).toBe(false);
    expect(other.publicJwk).toMatchObject({ kty: 'EC', crv: 'secp256k1', alg: 'ES256K' });
  });

  it('takes claims and header members in place of its own, and leaves out those that are undefined', () => {
    const token = issuer.token(
      { sub: 'ada', scope: 'a b', jti: undefined },
      { header: { typ: undefined, x: [1] } },
    );
    expect(decodeJwt(token)).toMatchObject({ iss: issuer.issuer, sub: 'ada', scope: 'a b' });
    expect(decodeJwt(token)).not.toHaveProperty('jti');
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: key.kid, x: [1] });
  });

  it('lives as long as it is told to, to the millisecond', () => {
    const remainsMs = (expiresInMs: number) =>
      decodeJwt(issuer.token({}, { expiresInMs })).exp! * 1_000 - Date.now();
    expect(remainsMs(-60_000)).toBeLessThanOrEqual(-60_000);
    expect(remainsMs(3_600_000)).toBeGreaterThan(3_500_000);
    expect(remainsMs(500)).toBeGreaterThan(-500);
  });

  it('goes into the handshake of socket.io, and into the parameters of a GraphQL connection', async () => {
    const { token } = issuer.handshakeAuth({ sub: 'ada' }, { expiresInMs: 1_000 });
    const { authorization } = issuer.connectionParams({ sub: 'ada' });
    expect(authorization).toMatch(/^Bearer /);
    const subs = [token, authorization.slice('Bearer '.length)].map((one) => decodeJwt(one).sub);
    expect(subs).toEqual(['ada', 'ada']);
  });

  it('goes into a request header by bearer()', async () => {
    const [scheme, token = ''] = issuer.bearer({ sub: 'ada' }).authorization.split(' ');
    expect(scheme).toBe('Bearer');
    expect((await jwtVerify(token, key.publicKey)).payload.sub).toBe('ada');
  });
});

describe('forge()', () => {
  it('makes a good token of what is left out', async () => {
    const { payload } = await jwtVerify(issuer.forge({}), key.publicKey, {
      issuer: issuer.issuer,
      typ: 'at+jwt',
    });
    expect(payload.aud).toBe(issuer.audience);
  });

  it('takes objects as JSON, and nothing is added to them', async () => {
    const token = issuer.forge({ header: { alg: 'RS256' }, payload: { a: 1 } });
    expect(partsOf(token).slice(0, 2)).toEqual(['{"alg":"RS256"}', '{"a":1}']);
    await expect(compactVerify(token, key.publicKey)).resolves.toMatchObject({
      protectedHeader: { alg: 'RS256' },
    });
  });

  it('takes strings and bytes verbatim, under a true signature', async () => {
    const header = '{"alg":"none","alg":"RS256"}';
    const bytes = Buffer.of(0xff, 0xfe, 0x00);
    const token = issuer.forge({ header, payload: bytes });
    expect(partsOf(token)[0]).toBe(header);
    const { payload } = await compactVerify(token, key.publicKey);
    expect(Buffer.from(payload)).toEqual(bytes);
    const view = new Uint8Array(Buffer.from('xpayloadx').buffer.slice(0)).subarray(0, 1);
    expect(Buffer.from(issuer.forge({ payload: view }).split('.')[1]!, 'base64url')).toEqual(
      Buffer.from(view),
    );
  });

  it('signs with the key that it is given, whatever the header says', async () => {
    const other = await createTestKey('ES256');
    const header = { alg: 'ES256', kid: key.kid };
    const token = issuer.forge({ header, key: other });
    await expect(compactVerify(token, other.publicKey)).resolves.toMatchObject({ protectedHeader: header });
  });

  it('puts nothing, garbage, bytes or the result of a function where the signature is', () => {
    const signatureOf = (token: string) => Buffer.from(token.split('.')[2] ?? '-', 'base64url');
    expect(issuer.forge({ signature: 'none' })).toMatch(/^[\w-]+\.[\w-]+\.$/);
    const garbage = signatureOf(issuer.forge({ signature: 'garbage' }));
    expect(garbage).toHaveLength(256);
    expect(signatureOf(issuer.forge({ signature: 'garbage' }))).not.toEqual(garbage);
    expect(signatureOf(issuer.forge({ signature: Buffer.of(1, 2) }))).toEqual(Buffer.of(1, 2));
    const echoed = issuer.forge({ signature: (signingInput) => signingInput });
    expect(signatureOf(echoed).toString()).toBe(echoed.split('.').slice(0, 2).join('.'));
  });

  it('starts from the claims of a good token when it is told to', () => {
    const payload = JSON.stringify(issuer.claims({ jti: 'x' })).replace('}', ',"sub":"admin"}');
    expect(decodeJwt(issuer.forge({ payload }))).toMatchObject({
      iss: issuer.issuer,
      jti: 'x',
      sub: 'admin',
    });
  });
});
