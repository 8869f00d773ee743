import { HOUR } from '../../test/support/constants.js';
import { isCached, refused, VerifierScene } from '../../test/support/verifier-scene.js';
import { beforeEach, describe, expect, it } from 'vitest';

let scene: VerifierScene;
beforeEach(async () => {
  scene = await VerifierScene.create();
});

describe('with verifyInThreadPool', () => {
  it('a token is verified, refused and cached as without', async () => {
    const verifier = scene.verifierWith({ verifyInThreadPool: true });
    const token = scene.tokenFor();
    const [h, p] = token.split('.');
    await expect(verifier.verify(`${h}.${p}.${'A'.repeat(86)}`)).rejects.toThrow(refused('bad_signature'));
    expect([await isCached(verifier, token), await isCached(verifier, token)]).toEqual([false, true]);
  });

  it('a token is refused when its key is denied meanwhile', async () => {
    const verifier = scene.verifierWith({ verifyInThreadPool: true });
    const [token, theirs] = [scene.tokenFor(), scene.tokenFor({}, scene.other)];
    const pending = Promise.allSettled([verifier.verify(token), verifier.verify(theirs)]);
    scene.ring.deny(scene.key.kid);
    const [ours] = await pending;
    expect(ours).toMatchObject({ reason: { code: 'unknown_key' } });
    expect(await isCached(verifier, theirs)).toBe(true);
  });

  it('a token is refused when it expires meanwhile', async () => {
    const verifier = scene.verifierWith({ verifyInThreadPool: true, clockToleranceMs: 0 });
    const [short, long] = [
      scene.tokenFor({ exp: scene.inHours(0.5) }),
      scene.tokenFor({ exp: scene.inHours(1) }),
    ];
    const pending = Promise.allSettled([verifier.verify(short), verifier.verify(long)]);
    scene.clock.skip(HOUR / 2);
    expect(await pending).toMatchObject([{ reason: { code: 'expired' } }, { status: 'fulfilled' }]);
  });

  it('only true and false are accepted', () => {
    expect(() => scene.verifierWith({ verifyInThreadPool: 'yes' as unknown as boolean })).toThrow(
      'verifyInThreadPool',
    );
  });
});
