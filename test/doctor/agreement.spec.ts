import { AccessTokenVerifier, AuthError, KeyRings } from 'nestjs-jwks-auth';
import { expect, it } from 'vitest';
import { resolveAuthOptions } from '../../src/auth.options.js';
import { DoctorScene } from './scene.js';

/** What the verifier of the module says: a code, or undefined. */
async function verdictOf(verifier: AccessTokenVerifier, token: string): Promise<string | undefined> {
  try {
    await verifier.verify(token);
    return undefined;
  } catch (error) {
    return (error as AuthError).code;
  }
}

const codeIn = (seen: string): string | undefined => /: (\w+)/.exec(seen)?.[1];

it('the verdict on every bad token, and on good ones, is that of AccessTokenVerifier', async () => {
  await using scene = await DoctorScene.start();
  const { issuer } = scene;
  const { issuer: name, audience } = issuer;
  const options = resolveAuthOptions({ issuer: name, audience });
  const rings = new KeyRings(options.issuers, options.keys, () => {});
  await rings.start();
  const verifier = new AccessTokenVerifier(options.issuers, options.token, rings);
  const tokens = {
    ...issuer.badTokens(),
    good: issuer.token(),
    'good, without a kid': issuer.token({}, { header: { kid: undefined } }),
    'several things wrong at once': issuer.token({ aud: 'x', exp: 1, sub: 1 }, { header: { typ: 'x' } }),
    'bound to a key': issuer.token({ cnf: {} }),
    'too large': issuer.token({ x: 'x'.repeat(9_000) }),
  };
  for (const [what, token] of Object.entries(tokens)) {
    const said = await verdictOf(verifier, token);
    const findings = await scene.diagnose({ token });
    const isRefused = findings.some(({ level }) => level === 'error');
    expect([what, isRefused]).toEqual([what, said !== undefined]);
    // Where its form alone is wrong, the token itself is examined further.
    const verdicts = findings.filter(({ code }) => code === 'not_verified').map(({ seen }) => codeIn(seen));
    expect([what, verdicts.filter((code) => code !== said)]).toEqual([what, []]);
  }
  rings.close();
});
