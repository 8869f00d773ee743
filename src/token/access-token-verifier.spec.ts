import { HOUR } from '../../test/support/constants.js';
import { isCached, refused, VerifierScene } from '../../test/support/verifier-scene.js';
import { beforeEach, describe, expect, it } from 'vitest';

let scene: VerifierScene;
beforeEach(async () => {
  scene = await VerifierScene.create();
});

it('refuses what is no string, and what is too long, without parsing it', async () => {
  const verifier = scene.verifierWith({ maxTokenBytes: 1_000 });
  await expect(verifier.verify(undefined as unknown as string)).rejects.toThrow(refused('malformed_token'));
  await expect(verifier.verify(`${scene.tokenFor()}${'.'.repeat(1_000)}`)).rejects.toThrow(
    refused('token_too_large'),
  );
  await expect(verifier.verify('.'.repeat(1_000))).rejects.toThrow(refused('malformed_token'));
  await expect(verifier.verify(scene.tokenFor())).resolves.toBeDefined();
});

describe('a verified token', () => {
  it('is cached as a whole: one that differs in its signature alone is verified again', async () => {
    const verifier = scene.verifierWith();
    const token = scene.tokenFor();
    expect([await isCached(verifier, token), await isCached(verifier, token)]).toEqual([false, true]);
    const [h, p] = token.split('.');
    await expect(verifier.verify(`${h}.${p}.${'A'.repeat(86)}`)).rejects.toThrow(refused('bad_signature'));
    expect(await isCached(verifier, token)).toBe(true);
  });

  it('is returned as one object that cannot be changed', async () => {
    const verifier = scene.verifierWith();
    const token = scene.tokenFor({ roles: ['a'] });
    const first = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(first);
    expect(() => (first.claims['roles'] as string[]).push('admin')).toThrow(TypeError);
    expect(() => Object.assign(first.header, { kid: 'other' })).toThrow(TypeError);
  });

  it('is not cached with verifiedTokens: false', async () => {
    const verifier = scene.verifierWith({ verifiedTokens: false });
    const token = scene.tokenFor();
    expect([await isCached(verifier, token), await isCached(verifier, token)]).toEqual([false, false]);
  });

  it('expires while it is cached', async () => {
    const verifier = scene.verifierWith({ clockToleranceMs: 0 });
    const token = scene.tokenFor({ exp: scene.inHours(0.5) });
    await verifier.verify(token);
    scene.clock.skip(HOUR / 2 - 1);
    expect(await isCached(verifier, token)).toBe(true);
    scene.clock.skip(1);
    await expect(verifier.verify(token)).rejects.toThrow(refused('expired'));
  });

  it('is refused once the clock goes back before its nbf', async () => {
    const verifier = scene.verifierWith({ clockToleranceMs: 0 });
    const token = scene.tokenFor({ nbf: scene.inHours(0) });
    await verifier.verify(token);
    scene.clock.moveWallClock(-1);
    await expect(verifier.verify(token)).rejects.toThrow(refused('not_yet_valid'));
  });

  it('stays cached when the same keys are fetched again, and when another key is withdrawn', async () => {
    const verifier = scene.verifierWith();
    const token = scene.tokenFor();
    await verifier.verify(token);
    await scene.ring.refresh();
    expect(await isCached(verifier, token)).toBe(true);
    scene.published = [scene.key.publicJwk];
    await scene.ring.refresh();
    expect(await isCached(verifier, token)).toBe(true);
  });

  it('is evicted at once with a key that is withdrawn, and verified again when the key comes back', async () => {
    const verifier = scene.verifierWith();
    const token = scene.tokenFor();
    await verifier.verify(token);
    scene.published = [scene.other.publicJwk];
    await scene.ring.refresh();
    await expect(verifier.verify(token)).rejects.toThrow(refused('unknown_key'));
    scene.published = [scene.key.publicJwk];
    await scene.ring.refresh();
    expect(await isCached(verifier, token)).toBe(false);
  });

  it('is evicted with a key whose kid now names other material', async () => {
    const verifier = scene.verifierWith();
    const token = scene.tokenFor();
    await verifier.verify(token);
    scene.published = [{ ...scene.other.publicJwk, kid: scene.key.kid }];
    await scene.ring.refresh();
    await expect(verifier.verify(token)).rejects.toThrow(refused('bad_signature'));
  });

  it('is evicted at once with a key that is denied, while tokens of other keys stay', async () => {
    const verifier = scene.verifierWith();
    const [ours, theirs] = [scene.tokenFor(), scene.tokenFor({}, scene.other)];
    await Promise.all([verifier.verify(ours), verifier.verify(theirs)]);
    scene.ring.deny(scene.key.kid);
    await expect(verifier.verify(ours)).rejects.toThrow(refused('unknown_key'));
    expect(await isCached(verifier, theirs)).toBe(true);
  });

  it('is not accepted from the cache past the life of the key set', async () => {
    const verifier = scene.verifierWith();
    const token = scene.tokenFor({ exp: scene.inHours(9) });
    await verifier.verify(token);
    scene.published = undefined;
    scene.clock.skip(2 * HOUR - 1);
    expect(await isCached(verifier, token)).toBe(true);
    scene.clock.skip(1);
    await expect(verifier.verify(token)).rejects.toThrow(refused('keys_unavailable'));
  });

  it('is passed to isRevoked each time', async () => {
    let revoked = false;
    const verifier = scene.verifierWith({ isRevoked: () => revoked });
    const token = scene.tokenFor();
    await verifier.verify(token);
    revoked = true;
    await expect(verifier.verify(token)).rejects.toThrow(refused('revoked'));
    revoked = false;
    expect(await isCached(verifier, token)).toBe(true);
  });

  it('shares its header object with other tokens that have the same', async () => {
    const verifier = scene.verifierWith();
    const [first, second, under] = [scene.tokenFor(), scene.tokenFor(), scene.tokenFor({}, scene.other)] as [
      string,
      string,
      string,
    ];
    const { header } = await verifier.verify(first);
    expect((await verifier.verify(second)).header).toBe(header);
    expect((await verifier.verify(under)).header).not.toEqual(header);
    expect(Object.isFrozen(header)).toBe(true);
  });
});
