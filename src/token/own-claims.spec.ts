import { goodClaims, goodHeader, forgeToken } from '../../libs/testing/src/minting.js';
import { refused, VerifierScene } from '../../test/support/verifier-scene.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VerificationKey } from '../jwk/verification-key.js';
import { checkClaims } from './claims.js';
import { signsForIssuer } from './entra-tenant.js';
import { resolveIssuer, type IssuerRules } from './issuers/issuer-rules.js';
import { parseJws } from './jws.js';
import { absent, present, type IssuerOptions } from './token.options.js';

let scene: VerifierScene;
beforeEach(async () => {
  scene = await VerifierScene.create();
});

/** What becomes of a token without this claim. */
const MISSING = [
  ['exp', 'invalid_claim'],
  ['iss', 'unknown_issuer'],
  ['aud', 'missing_audience'],
] as const;

const everyObject: object = Object.prototype;
const polluted = new Set<string>();
afterEach(() => {
  for (const name of polluted) Reflect.deleteProperty(everyObject, name);
  polluted.clear();
});
/** As a vulnerable dependency of the application would. */
function pollute(name: string, value: unknown): void {
  polluted.add(name);
  Object.defineProperty(everyObject, name, { value, configurable: true, writable: true });
}

const rules = (changes: Partial<IssuerOptions> = {}): IssuerRules =>
  resolveIssuer({ issuer: 'https://issuer.test', audience: 'https://api.example', ...changes }, '', false);
const claims = (changes: object = {}): Record<string, unknown> => ({
  ...goodClaims({ issuer: 'https://issuer.test', audience: 'https://api.example' }),
  ...changes,
});

describe('what every object inherits is no claim:', () => {
  it('a token without it is refused as before', async () => {
    const verifier = scene.verifierWith();
    for (const [name, code] of MISSING) {
      pollute(name, claims()[name]);
      await expect(verifier.verify(scene.tokenFor({ [name]: undefined }))).rejects.toThrow(refused(code));
      await expect(verifier.verify(scene.tokenFor())).resolves.toBeDefined();
    }
  });

  it('a good token passes, whatever is inherited', async () => {
    const verifier = scene.verifierWith({ verifiedTokens: false });
    const inherited = {
      nbf: 9e9,
      iat: 9e9,
      cnf: {},
      at_hash: 'x',
      events: {},
      sub: 1,
      client_id: 1,
      typ: 'x',
    };
    for (const [name, value] of Object.entries(inherited)) pollute(name, value);
    pollute('kid', 'nobody');
    const header = { alg: 'ES256', kid: scene.key.kid };
    const {
      sub: _,
      client_id: __,
      iat: ___,
      ...payload
    } = goodClaims({
      issuer: 'https://issuer.test',
      audience: 'https://api.example',
    });
    await expect(verifier.verify(forgeToken({ header, payload, key: scene.key }))).resolves.toBeDefined();
  });

  it('a kid is none', async () => {
    pollute('kid', scene.key.kid);
    const { kid: _, ...header } = goodHeader(scene.key);
    const token = forgeToken({ header, payload: claims(), key: scene.key });
    await expect(scene.verifierWith().verify(token)).rejects.toThrow(refused('unknown_key'));
    await expect(scene.verifierWith().verify(scene.tokenFor())).resolves.toBeDefined();
  });

  it('an alg is none', () => {
    pollute('alg', 'ES256');
    const encode = (text: string) => Buffer.from(text).toString('base64url');
    expect(() => parseJws(`${encode('{"kid":"k"}')}.e30.AA`)).toThrow(refused('malformed_token'));
    expect(parseJws(`${encode('{"alg":"ES256"}')}.e30.AA`).header.alg).toBe('ES256');
  });

  it('required claims, those of the profile and the tenant are not met by it', () => {
    const options = { senderConstrained: 'refuse' } as const;
    pollute('token_use', 'access');
    pollute('jti', 'x');
    pollute('tid', 'y');
    for (const wanted of ['access', present] as const) {
      const required = rules({ requiredClaims: { token_use: wanted } });
      expect(() => checkClaims(claims(), required, options)).toThrow(refused('invalid_claim'));
      expect(() => checkClaims(claims({ token_use: 'access' }), required, options)).not.toThrow();
    }
    const without = rules({ requiredClaims: { token_use: absent } });
    expect(() => checkClaims(claims(), without, options)).not.toThrow();
    const profile = rules({ tokenType: 'at+jwt' });
    const { jti: _, ...lacking } = claims();
    expect(() => checkClaims(lacking, profile, options)).toThrow(refused('invalid_claim'));
    expect(() => checkClaims(claims(), profile, options)).not.toThrow();
    const key = { issuer: 'https://login.example/{tenantid}/v2.0' } as VerificationKey;
    expect(signsForIssuer(key, { iss: 'https://login.example/y/v2.0' })).toBe(false);
    expect(signsForIssuer(key, { iss: 'https://login.example/y/v2.0', tid: 'y' })).toBe(true);
  });
});

it('a member named __proto__ is no claim either', async () => {
  const verifier = scene.verifierWith();
  for (const [name, code] of MISSING) {
    const { [name]: value, ...others } = claims();
    const inherited = `{"__proto__":${JSON.stringify({ [name]: value })},`;
    const payload = inherited + JSON.stringify(others).slice(1);
    const token = forgeToken({ header: goodHeader(scene.key), payload, key: scene.key });
    await expect(verifier.verify(token)).rejects.toThrow(refused(code));
  }
  await expect(verifier.verify(scene.tokenFor())).resolves.toBeDefined();
});
