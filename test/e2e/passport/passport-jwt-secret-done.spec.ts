import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProvider, keyOf } from '../../support/key-provider.js';

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);
let issuer: TestIssuer;
beforeEach(async () => {
  process.on('unhandledRejection', onUnhandled);
  issuer = await startTestIssuer();
});
afterEach(async () => {
  // Node reports them between two turns of the event loop.
  await new Promise(setImmediate);
  process.off('unhandledRejection', onUnhandled);
  await issuer.close();
  assert.deepEqual(unhandled.splice(0), []);
});

describe('done of passportJwtSecret', () => {
  it.each(['good', 'unknown kid'] as const)(
    'is called once with a %s token, and what it throws goes to the error handling of Express',
    async (kind) => {
      const token = kind === 'good' ? issuer.token() : issuer.badTokens()[kind];
      const provider = createProvider({ jwksUri: issuer.jwksUri });
      const done = vi.fn<(error: unknown, key?: unknown) => void>(() => {
        throw new Error('thrown by done');
      });
      const failed = new Promise((next) => provider({ next }, token, done));
      expect(await failed).toMatchObject({ message: 'thrown by done' });
      expect(done.mock.calls).toHaveLength(1);
      expect(done.mock.calls[0]?.[1] === null).toBe(kind !== 'good');
    },
  );

  it('is called once when handleSigningKeyError calls back more than once', async () => {
    const provider = createProvider({
      jwksUri: issuer.jwksUri,
      handleSigningKeyError: (_error, callback) => {
        callback(new Error('first'));
        callback(null);
        throw new Error('second');
      },
    });
    const done = vi.fn<(error: unknown, key?: unknown) => void>();
    provider({}, issuer.badTokens()['unknown kid'], done);
    await vi.waitFor(() => expect(done).toHaveBeenCalled(), { interval: 5 });
    await new Promise(setImmediate);
    expect(done.mock.calls).toEqual([[expect.objectContaining({ message: 'first' }), null]]);
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
  });

  it('gets what handleSigningKeyError rejects with', async () => {
    const handleSigningKeyError = async () => Promise.reject(new Error('rejected'));
    const provider = createProvider({ jwksUri: issuer.jwksUri, handleSigningKeyError });
    await expect(keyOf(provider, issuer.badTokens()['unknown kid'])).rejects.toThrow('rejected');
    expect(await keyOf(provider, issuer.token())).toMatchObject({ type: 'public' });
  });
});
