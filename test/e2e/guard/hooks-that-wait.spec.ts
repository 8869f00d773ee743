import { AuthError, KeyRings, type AuthOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS, startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';

const HOUR = 3_600_000;
const HOOKS = ['validate', 'isRevoked'] as const;
const CASES = ADAPTERS.flatMap((adapter) => HOOKS.map((hook) => ({ adapter, hook })));

describe.each(CASES)('while $hook is waited for on $adapter,', ({ adapter, hook }) => {
  let issuer: TestIssuer;
  /** What happens in the hook, after which it agrees. */
  let event: (() => unknown) | undefined;
  let api: GuardedApp;
  const agree = async () => {
    await event?.();
    return hook === 'validate' ? { id: 1 } : false;
  };
  const start = async (options: AuthOptions) => {
    api = await startGuardedApp({ ...options, [hook]: agree }, { adapter });
  };
  beforeEach(async () => {
    event = undefined;
    issuer = await startTestIssuer({ algorithm: 'ES256' });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await api.app.close();
    await issuer.close();
  });
  const answerTo = async (token: string): Promise<unknown[]> => {
    const response = await api.get('/me', token);
    const { code } = (await response.json()) as { code?: string };
    return [response.status, code];
  };

  it('a token whose key is denied is refused', async () => {
    const other = await issuer.addKey();
    await start({ issuer: issuer.issuer, audience: issuer.audience });
    const token = issuer.token();
    expect(await answerTo(token)).toEqual([200, undefined]);
    event = () => api.app.get(KeyRings).deny(issuer.keys[0]?.kid ?? '');
    expect(await answerTo(token)).toEqual([401, 'bad_signature']);
    expect(await answerTo(issuer.token({}, { key: other }))).toEqual([200, undefined]);
  });

  it('a token that expires is refused', async () => {
    await start({ issuer: issuer.issuer, audience: issuer.audience });
    const [short, long] = [1, 3].map((hours) => issuer.token({}, { expiresInMs: hours * HOUR }));
    expect(await answerTo(short ?? '')).toEqual([200, undefined]);
    vi.useFakeTimers({ toFake: ['Date'] });
    event = () => vi.setSystemTime(Date.now() + 2 * HOUR);
    expect(await answerTo(short ?? '')).toEqual([401, 'expired']);
    event = undefined;
    expect(await answerTo(long ?? '')).toEqual([200, undefined]);
  });

  it('a token whose dynamic issuer is not allowed any more is refused', async () => {
    let isAllowed = true;
    const { issuer: name, audience } = issuer;
    const resolve = vi.fn<() => { issuer: string }>(() => ({ issuer: name }));
    await start({ audience, issuers: { allow: () => isAllowed, resolve } });
    const token = issuer.token();
    event = () => (isAllowed = false);
    expect(await answerTo(token)).toEqual([401, 'unknown_issuer']);
    isAllowed = true;
    event = () => api.app.get(KeyRings).forget(name);
    expect(await answerTo(token)).toEqual([200, undefined]);
    expect(resolve).toHaveBeenCalledTimes(2);
  });
});

it('what a hook throws that was waited for goes through unchanged, whatever has become of the token', async () => {
  await using issuer = await startTestIssuer();
  const { issuer: name, audience } = issuer;
  await using api = await startGuardedApp({
    issuer: name,
    audience,
    validate: async () => {
      await api.app.get(KeyRings).deny(issuer.keys.at(-1)?.kid ?? '');
      throw new AuthError('user_rejected');
    },
  });
  expect(await (await api.get('/me', issuer.token())).json()).toMatchObject({ code: 'user_rejected' });
});
