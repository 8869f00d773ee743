import { JwksClient, JwksRateLimitError, SigningKeyNotFoundError } from 'jwks-rsa';
import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MINUTE } from '../../test/support/constants.js';
import { QUIET, RingFixture } from '../../test/support/ring-fixture.js';
import { publicJwk } from '../../test/support/scripted-source.js';

describe('a key ring as a client of jwks-rsa', () => {
  it('is an instance of its class, and serves all keys from memory', async () => {
    const { ring, source } = await RingFixture.started();
    const [jwk] = source.keys;
    const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
    expect(ring).toBeInstanceOf(JwksClient);
    const key = await ring.getSigningKey('known');
    expect([key.kid, key.alg, key.getPublicKey()]).toEqual(['known', 'ES256', pem]);
    expect(await ring.getSigningKeys()).toEqual([key]);
    expect(await ring.getKeys()).toEqual([jwk]);
    expect(source.fetches).toBe(1);
  });

  it('takes a callback, as jwks-rsa does', async () => {
    const { ring } = await RingFixture.started();
    const called = await new Promise((resolve) => {
      const client: JwksClient = ring;
      client.getSigningKey('known', (error, key) => resolve([error, key?.kid]));
    });
    expect(called).toEqual([null, 'known']);
  });

  it('hands out the only key without a kid, and none where there are several', async () => {
    const { ring, source } = await RingFixture.started();
    expect((await ring.getSigningKey()).kid).toBe('known');
    expect((await ring.getSigningKey(null)).kid).toBe('known');
    source.keys = [...source.keys, publicJwk('other')];
    await ring.refresh();
    await expect(ring.getSigningKey()).rejects.toThrow(SigningKeyNotFoundError);
  });

  it('hands out nothing of a denied key', async () => {
    const { ring, source } = await RingFixture.started();
    source.keys = [...source.keys, publicJwk('other')];
    await ring.refresh();
    await ring.deny('known');
    await expect(ring.getSigningKey('known')).rejects.toThrow(SigningKeyNotFoundError);
    expect((await ring.getSigningKeys()).map(({ kid }) => kid)).toEqual(['other']);
    expect(await ring.getKeys()).toMatchObject([{ kid: 'other' }]);
  });

  it('fetches for an unknown kid as often as the rate limiter of the ring allows', async () => {
    const { ring, source, clock } = await RingFixture.started(QUIET);
    for (const kid of ['a', 'b', 'c', 'd'])
      await expect(ring.getSigningKey(kid)).rejects.toThrow(SigningKeyNotFoundError);
    expect(source.fetches).toBe(4);
    source.keys = [...source.keys, publicJwk('new')];
    await clock.advance(MINUTE);
    expect((await ring.getSigningKey('new')).kid).toBe('new');
  });

  it('throws a JwksRateLimitError where only a fetch could tell, and serves what is in memory', async () => {
    const { ring, source } = await RingFixture.started(QUIET);
    // The servers of the issuer disagree about these keys: no response proves that one does not exist.
    for (const kid of ['one', 'two', 'one', 'two']) {
      source.keys = [publicJwk(kid)];
      await ring.refresh();
    }
    await expect(ring.getSigningKey('one')).rejects.toThrow(JwksRateLimitError);
    expect((await ring.getSigningKey('two')).kid).toBe('two');
  });

  it.each(['getSigningKey', 'getSigningKeys', 'getKeys'] as const)(
    'is keys_unavailable in an outage without keys, and serves them afterwards: %s',
    async (method) => {
      const { ring, source, clock } = new RingFixture();
      source.failWith(500);
      await expect(ring[method]()).rejects.toMatchObject({ code: 'keys_unavailable' });
      source.error = undefined;
      await clock.advance(MINUTE);
      await expect(ring[method]()).resolves.toBeDefined();
    },
  );
});
