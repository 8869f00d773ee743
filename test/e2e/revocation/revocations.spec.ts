import { Keyv } from 'keyv';
import { AccessTokenVerifier, Revocations, type AccessTokenClaims, type KeyOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { VerificationInfo } from '../../../src/token/access-token.js';
import { SECRET } from '../../support/constants.js';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startTestIssuer();
});
afterAll(() => issuer.close());

const optionsFor = (keys: KeyOptions = {}) => ({ issuer: issuer.issuer, audience: issuer.audience, keys });
const codeOf = async (api: GuardedApp, token: string): Promise<unknown> => {
  const response = await api.get('/me', token);
  return response.status === 200
    ? 200
    : [response.status, ((await response.json()) as { code: string }).code];
};
const REVOKED = [401, 'revoked'];

describe.each(ADAPTERS)('Revocations on %s', (adapter) => {
  it('refuses a remembered token of a session at once, and no other session', async () => {
    await using api = await startGuardedApp(optionsFor(), { adapter });
    const [one, other] = [issuer.token({ sid: 'one' }), issuer.token({ sid: 'other' })];
    expect([await codeOf(api, one), await codeOf(api, one), await codeOf(api, other)]).toEqual([
      200, 200, 200,
    ]);
    await api.app.get(Revocations).revokeSession(issuer.issuer, 'one');
    expect([await codeOf(api, one), await codeOf(api, other)]).toEqual([REVOKED, 200]);
    expect(await codeOf(api, issuer.token({ sid: 'one' }))).toEqual(REVOKED);
    const response = await api.get('/me', one);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('refuses one token, and what was issued to a subject until now', async () => {
    await using api = await startGuardedApp(optionsFor(), { adapter });
    const iat = Math.floor(Date.now() / 1_000);
    const [token, sibling] = [issuer.token({ jti: 'a' }), issuer.token({ jti: 'b' })];
    const [older, undated] = [
      issuer.token({ sub: 'user-2', iat: iat - 60 }),
      issuer.token({ sub: 'user-2', iat: undefined }),
    ];
    await api.app.get(Revocations).revokeToken(issuer.issuer, 'a');
    expect([await codeOf(api, token), await codeOf(api, sibling)]).toEqual([REVOKED, 200]);
    expect([await codeOf(api, older), await codeOf(api, undated)]).toEqual([200, 200]);
    await api.app.get(Revocations).revokeSubject(issuer.issuer, 'user-2');
    expect([await codeOf(api, older), await codeOf(api, undated)]).toEqual([REVOKED, REVOKED]);
    expect(await codeOf(api, issuer.token({ sub: 'user-2', iat: iat + 3 }))).toBe(200);
  });
});

it('a token without the token cache is refused as well, before isRevoked is called', async () => {
  const isRevoked = vi.fn<() => boolean>(() => false);
  await using api = await startGuardedApp({ ...optionsFor(), verifiedTokens: false, isRevoked });
  const token = issuer.token({ sid: 's' });
  expect(await codeOf(api, token)).toBe(200);
  await api.app.get(Revocations).revokeSession(issuer.issuer, 's');
  expect([await codeOf(api, token), isRevoked.mock.calls.length]).toEqual([REVOKED, 1]);
});

it('what outlives its request is refused when it is checked again, and a listener is called', async () => {
  await using api = await startGuardedApp(optionsFor());
  const [verifier, revocations] = [api.app.get(AccessTokenVerifier), api.app.get(Revocations)];
  const token = issuer.token({ sid: 's' });
  const info: VerificationInfo = {};
  const verified = await verifier.verify(token, info);
  await verifier.recheck(token, info);
  const closed: unknown[] = [];
  const stop = revocations.onChange(() => closed.push(revocations.isRevoked(verified)));
  await revocations.revokeSession(issuer.issuer, 'other');
  await revocations.revokeSession(issuer.issuer, 's');
  stop();
  expect(closed).toEqual([false, true]);
  await expect(verifier.recheck(token, info)).rejects.toMatchObject({ code: 'revoked' });
  // As when its key has changed meanwhile.
  await expect(verifier.recheck(token, {})).rejects.toMatchObject({ code: 'revoked' });
});

it('a token that is revoked while a hook is waited for is refused', async () => {
  let api: GuardedApp | undefined;
  const validate = async (claims: AccessTokenClaims) => {
    await api?.app.get(Revocations).revokeSession(issuer.issuer, 'waiting');
    return claims;
  };
  api = await startGuardedApp({ ...optionsFor(), validate });
  expect(await codeOf(api, issuer.token({ sid: 'waiting' }))).toEqual(REVOKED);
  expect(await codeOf(api, issuer.token({ sid: 'other' }))).toBe(200);
  await api[Symbol.asyncDispose]();
});

describe('with a store', () => {
  const entries = new Map<string, unknown>();
  const start = () =>
    startGuardedApp({
      ...optionsFor({ store: new Keyv({ store: entries, useKeyPrefix: false }), storeSecret: SECRET }),
      revocations: { pollMs: 100 },
    });

  it('every process refuses the token within a poll, and one that starts later', async () => {
    await using one = await start();
    await using other = await start();
    const [token, good] = [issuer.token({ sid: 's' }), issuer.token({ sid: 't' })];
    expect([await codeOf(one, token), await codeOf(other, token)]).toEqual([200, 200]);
    expect(await one.app.get(Revocations).revokeSession(issuer.issuer, 's')).toBe(true);
    expect(await codeOf(one, token)).toEqual(REVOKED);
    await vi.waitFor(async () => expect(await codeOf(other, token)).toEqual(REVOKED), 5_000);
    await using third = await start();
    expect([await codeOf(third, token), await codeOf(third, good), await codeOf(other, good)]).toEqual([
      REVOKED,
      200,
      200,
    ]);
  });
});

it.each([
  [{ keepMs: 1 }, 'revocations.keepMs'],
  [{ pollMs: 0 }, 'revocations.pollMs'],
  [{ other: 1 }, 'revocations.other'],
  ['24h', 'revocations'],
])('revocations: %j is a TypeError that names the option', async (revocations, name) => {
  await expect(startGuardedApp({ ...optionsFor(), revocations } as never)).rejects.toThrow(
    `option "${name}"`,
  );
});
