import { beforeAll, expect, it } from 'vitest';
import { forgeToken, goodHeader, logoutClaims } from '../../libs/testing/src/minting.js';
import { ISSUER, MINUTE, SECOND } from '../../test/support/constants.js';
import { VerifierScene } from '../../test/support/verifier-scene.js';
import { LogoutTokenVerifier } from './logout-token-verifier.js';

let scene: VerifierScene;
beforeAll(async () => {
  scene = await VerifierScene.create();
});

const start = (checksPerMinute = 100, requireExp = true) =>
  new LogoutTokenVerifier(
    { path: '/logout', clientIds: ['client-1'], requireExp, checksPerMinute, onLogout: undefined },
    scene.verifierWith().directory,
    5 * SECOND,
    scene.clock,
  );
const tokenFor = (claims: object = {}): string => {
  const iat = Math.floor(scene.clock.wallNow() / 1_000);
  const header = { ...goodHeader(scene.key), typ: 'logout+jwt' };
  return forgeToken({
    header,
    payload: { ...logoutClaims(ISSUER), iat, exp: iat + 3_600, ...claims },
    key: scene.key,
  });
};
/** What becomes of tokens that come at once. */
const verdicts = async (verifier: LogoutTokenVerifier, ...tokens: readonly string[]): Promise<unknown[]> => {
  const settled = await Promise.allSettled(tokens.map((token) => verifier.verify(token)));
  return settled.map((one) =>
    one.status === 'fulfilled' ? 'accepted' : (one.reason as { reason: string }).reason,
  );
};

it('a token that comes twice at once is accepted once, and one that was forgotten again', async () => {
  const verifier = start();
  const token = tokenFor();
  expect(await verdicts(verifier, token, token)).toEqual(['accepted', 'replayed']);
  verifier.forget(await start().verify(token));
  expect(await verdicts(verifier, token, tokenFor())).toEqual(['accepted', 'accepted']);
});

it.each([true, false])('a token is never accepted again, with requireExp: %s', async (requireExp) => {
  const verifier = start(100, requireExp);
  const token = tokenFor(requireExp ? {} : { exp: undefined });
  expect(await verdicts(verifier, token)).toEqual(['accepted']);
  const seen = new Set<unknown>();
  for (let passed = 0; passed < 4 * MINUTE; passed += SECOND) {
    await scene.clock.advance(SECOND);
    for (const verdict of await verdicts(verifier, token)) seen.add(verdict);
  }
  expect([...seen]).toEqual(['replayed', 'not_recent']);
});

it('two minutes are the age of the oldest token, give or take the tolerance', async () => {
  const verifier = start();
  const iat = Math.floor(scene.clock.wallNow() / 1_000);
  const tokens = [tokenFor({ iat: iat - 120 }), tokenFor({ iat: iat - 127 }), tokenFor({ iat: iat + 7 })];
  expect(await verdicts(verifier, ...tokens)).toEqual(['accepted', 'not_recent', 'not_recent']);
});

it('the budget fills again, and belongs to what is checked', async () => {
  const verifier = start(2);
  expect(await verdicts(verifier, tokenFor(), tokenFor(), tokenFor(), tokenFor({ nonce: 'n' }))).toEqual([
    'accepted',
    'accepted',
    'too_many',
    'nonce',
  ]);
  await scene.clock.advance(MINUTE / 2);
  expect(await verdicts(verifier, tokenFor(), tokenFor())).toEqual(['accepted', 'too_many']);
});
