import { HOUR } from '../../test/support/constants.js';
import { refused, VerifierScene } from '../../test/support/verifier-scene.js';
import { beforeEach, describe, expect, it } from 'vitest';
import type { VerificationInfo } from './access-token.js';
import type { TokenOptions } from './token.options.js';

let scene: VerifierScene;
beforeEach(async () => {
  scene = await VerifierScene.create();
});

/** What may happen while a hook is waited for, and what becomes of a token under `scene.key` that expires in an hour. */
const EVENTS: readonly [string, () => unknown, string][] = [
  ['its key is denied', () => scene.ring.deny(scene.key.kid), 'unknown_key'],
  ['it expires', () => scene.clock.skip(HOUR), 'expired'],
  [
    'its key is withdrawn',
    () => {
      scene.published = [scene.other.publicJwk];
      return scene.ring.refresh();
    },
    'unknown_key',
  ],
  [
    'its keys become too old while the issuer is away',
    () => {
      scene.published = undefined;
      scene.clock.skip(2 * HOUR);
    },
    'keys_unavailable',
  ],
];
/** The keys of the last event outlive this token less than the token them. */
const expiryOf = (code: string): number => scene.inHours(code === 'keys_unavailable' ? 9 : 1) - 0.001;

describe.each([{ verifiedTokens: { max: 10 } }, { verifiedTokens: false }] as TokenOptions[])(
  'while isRevoked is waited for, with %j,',
  (options) => {
    it.each(EVENTS)('a token is refused when %s', async (_, event, code) => {
      let happen: (() => unknown) | undefined;
      const verifier = scene.verifierWith({
        ...options,
        clockToleranceMs: 0,
        isRevoked: async () => {
          await happen?.();
          return false;
        },
      });
      const token = scene.tokenFor({ exp: expiryOf(code) });
      await expect(verifier.verify(token)).resolves.toMatchObject({ claims: { sub: 'user-1' } });
      happen = event;
      await expect(verifier.verify(token)).rejects.toThrow(refused(code));
    });

    it('a token passes when another key is denied', async () => {
      const verifier = scene.verifierWith({
        ...options,
        isRevoked: async () => {
          await scene.ring.deny(scene.other.kid);
          return false;
        },
      });
      await expect(verifier.verify(scene.tokenFor())).resolves.toBeDefined();
    });
  },
);

it('anything that can be awaited is waited for', async () => {
  let answer = true;
  const then = (resolve: (value: boolean) => void) => {
    if (!answer) void scene.ring.deny(scene.key.kid);
    resolve(answer);
  };
  const isRevoked = () => {
    const thenable: object = {};
    Reflect.set(thenable, 'then', then);
    return thenable as Promise<boolean>;
  };
  const verifier = scene.verifierWith({ isRevoked });
  await expect(verifier.verify(scene.tokenFor())).rejects.toThrow(refused('revoked'));
  answer = false;
  await expect(verifier.verify(scene.tokenFor())).rejects.toThrow(refused('unknown_key'));
  await expect(verifier.verify(scene.tokenFor({}, scene.other))).resolves.toBeDefined();
});

it('a token whose key comes back under another generation is verified anew, and passes', async () => {
  const info: VerificationInfo = {};
  const verifier = scene.verifierWith({ verifiedTokens: false });
  const token = scene.tokenFor();
  await verifier.verify(token, info);
  scene.published = [scene.other.publicJwk];
  await scene.ring.refresh();
  await expect(verifier.recheck(token, info)).rejects.toThrow(refused('unknown_key'));
  scene.published = [scene.key.publicJwk];
  await scene.ring.refresh();
  await expect(verifier.recheck(token, info)).resolves.toBeUndefined();
});

it('a clock that says NaN lets no token through', async () => {
  const verifier = scene.verifierWith();
  const token = scene.tokenFor({ nbf: scene.inHours(0) });
  await expect(verifier.verify(token)).resolves.toBeDefined();
  scene.clock.moveWallClock(NaN);
  await expect(verifier.verify(token)).rejects.toThrow(refused('expired'));
  await expect(verifier.verify(scene.tokenFor({ exp: 9e9 }))).rejects.toThrow(refused('expired'));
});
