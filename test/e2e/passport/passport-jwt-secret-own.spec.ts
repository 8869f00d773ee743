import { Logger } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import type { ExpressJwtOptions, SecretCallback } from 'jwks-rsa';
import { passportJwtSecret, type PassportJwtSecretOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import type { SecretOrKeyProvider } from 'passport-jwt';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import { createProvider as create, keyOf } from '../../support/key-provider.js';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await startTestIssuer();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await issuer.close();
});

describe('passportJwtSecret', () => {
  it("has types that take jwks-rsa's options, and that fit where its provider fitted", () => {
    expectTypeOf<ExpressJwtOptions>().toExtend<PassportJwtSecretOptions>();
    expectTypeOf(passportJwtSecret).returns.toExtend<SecretOrKeyProvider>();
    expectTypeOf(passportJwtSecret).returns.toExtend<SecretCallback>();
  });

  it('yields a KeyObject', async () => {
    const key = await keyOf(create({ jwksUri: issuer.jwksUri }), issuer.token());
    expect(key).toMatchObject({ type: 'public', asymmetricKeyType: 'rsa' });
  });

  it('passes on an AuthError that is no refusal while the endpoint cannot be reached', async () => {
    issuer.fault({ status: 500 });
    const provider = create({ jwksUri: issuer.jwksUri });
    await expect(keyOf(provider, issuer.token())).rejects.toMatchObject({
      code: 'keys_unavailable',
      isRefusal: false,
    });
  });

  it('fetches from the endpoint when the interceptor throws, and warns', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    const getKeysInterceptor = () => Promise.reject(new Error('no file'));
    const provider = create({ jwksUri: issuer.jwksUri, getKeysInterceptor });
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
    expect(warn.mock.lastCall?.[0]).toContain('(getKeysInterceptor): keys could not be fetched');
  });

  it.each([[[]], [undefined]])('does not warn when the interceptor returns %j', async (none) => {
    const warn = vi.spyOn(Logger.prototype, 'warn');
    const getKeysInterceptor = async () => none as never;
    const provider = create({ jwksUri: issuer.jwksUri, getKeysInterceptor });
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
    expect(warn).not.toHaveBeenCalled();
  });

  it("never waits for the interceptor with a key of the endpoint's in memory", async () => {
    const getKeysInterceptor = vi
      .fn<() => Promise<object[]>>(() => new Promise(() => {}))
      .mockResolvedValueOnce([]);
    const provider = create({ jwksUri: issuer.jwksUri, getKeysInterceptor });
    const token = issuer.token();
    await keyOf(provider, token);
    await vi.waitFor(() => expect(getKeysInterceptor).toHaveBeenCalledTimes(2), { interval: 5 });
    // The interceptor is called again and never resolves. A key in memory takes microtasks alone.
    expect(await Promise.race([keyOf(provider, token), setImmediate('waits')])).toMatchObject({
      type: 'public',
    });
  });

  it('yields no key for an algorithm that is not that of the key', async () => {
    const handleSigningKeyError = vi.fn<NonNullable<PassportJwtSecretOptions['handleSigningKeyError']>>(
      (error, callback) => callback(error),
    );
    const provider = create({ jwksUri: issuer.jwksUri, handleSigningKeyError });
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
    const otherAlgorithm = issuer.token({}, { header: { alg: 'PS256' } });
    await expect(keyOf(provider, otherAlgorithm)).rejects.toMatchObject({ name: 'SigningKeyNotFoundError' });
  });

  it('turns what handleSigningKeyError throws into an error', async () => {
    const handleSigningKeyError = () => {
      throw new Error('thrown');
    };
    const provider = create({ jwksUri: issuer.jwksUri, handleSigningKeyError });
    await expect(keyOf(provider, issuer.badTokens()['unknown kid'])).rejects.toThrow('thrown');
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
  });

  it('fetches no more once it is closed, and still yields the keys in memory', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const provider = create({ jwksUri: issuer.jwksUri });
    const token = issuer.token();
    expect(await keyOf(provider, token)).toMatchObject({ type: 'public' });
    expect(vi.getTimerCount()).toBe(1);
    provider.close();
    expect(vi.getTimerCount()).toBe(0);
    await issuer.rotate();
    await keyOf(provider, issuer.token()).catch(() => null);
    expect(issuer.requests.jwks).toBe(1);
    expect(await keyOf(provider, token)).toMatchObject({ type: 'public' });
  });

  it.each<[string, object]>([
    ['jwksUri', { jwksUri: 'nowhere' }],
    ['jwksUri', { jwksUri: 'http://keys.example/jwks' }],
    ['jwksUri', { jwksUri: 'https://me:secret@keys.example/jwks' }],
    ['cacheMaxAge', { cacheMaxAge: 0 }],
    ['cacheMaxAgeFallback', { cacheMaxAgeFallback: -1 }],
    ['timeout', { timeout: 0 }],
    ['timeout', { timeout: 2 ** 31 }],
    ['jwksRequestsPerMinute', { jwksRequestsPerMinute: 0 }],
    ['fetcher', { fetcher: {} }],
    ['getKeysInterceptor', { getKeysInterceptor: [] }],
    ['handleSigningKeyError', { handleSigningKeyError: 'x' }],
    ['onStaleCacheFallback', { onStaleCacheFallback: () => {} }],
  ])('refuses a %s that cannot work, at once: %j', (name, options) => {
    const good = {
      jwksUri: 'http://keys.example/jwks',
      allowHttp: true,
      fetcher: async () => ({ keys: [] }),
    };
    expect(() => create(good)).not.toThrow();
    expect(() => passportJwtSecret({ jwksUri: issuer.jwksUri, ...options })).toThrow(
      new RegExp(`option "${name}"`),
    );
  });
});
