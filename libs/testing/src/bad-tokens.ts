import { createHmac } from 'node:crypto';
import { assemble, goodClaims, goodHeader, type ForgedToken, type MintingContext } from './minting.js';
import type { TestKey } from './test-key.js';

/**
 * One token of each bad kind, by name: all of them must be refused by a resource server that keeps RFC 7519, 8725 and
 * 9068, while `token()` of the same issuer is accepted.
 */
export function badTokens(
  context: MintingContext,
  key: TestKey,
  foreignKey: TestKey,
): Record<string, string> {
  const claims = goodClaims(context);
  const header = goodHeader(key);
  const now = Math.floor(Date.now() / 1_000);
  const make = (forged: ForgedToken): string => assemble({ header, payload: claims, key, ...forged });
  const withClaims = (more: object): string => make({ payload: { ...claims, ...more } });
  const withHeader = (more: object): string => make({ header: { ...header, ...more } });
  const pem = key.publicKey.export({ type: 'spki', format: 'pem' });
  const good = make({});
  const [head = '', , signature = ''] = good.split('.');
  return {
    expired: withClaims({ exp: now - 3_600 }),
    'not valid yet': withClaims({ nbf: now + 3_600 }),
    'issued in the future': withClaims({ iat: now + 3_600 }),
    'missing exp': withClaims({ exp: undefined }),
    'exp as a string': withClaims({ exp: String(now + 300) }),
    'wrong audience': withClaims({ aud: 'https://other.test' }),
    'audience as a prefix': withClaims({ aud: `${context.audience}/` }),
    'missing audience': withClaims({ aud: undefined }),
    'other issuer': withClaims({ iss: 'https://other.test' }),
    'issuer in an array': withClaims({ iss: [context.issuer] }),
    'sub as a number': withClaims({ sub: 1 }),
    'bound to a key': withClaims({ cnf: { jkt: 'x' } }),
    'alg none': make({ header: { ...header, alg: 'none' }, signature: 'none' }),
    'alg in odd case': withHeader({ alg: key.algorithm.toLowerCase() }),
    'HS256 with the public key': make({
      header: { ...header, alg: 'HS256' },
      signature: (input) => createHmac('sha256', pem).update(input).digest(),
    }),
    'wrong key': make({ key: foreignKey }),
    'unknown kid': withHeader({ kid: 'made-up' }),
    'kid as a number': withHeader({ kid: 1 }),
    crit: withHeader({ crit: ['x'], x: true }),
    b64: withHeader({ b64: false, crit: ['b64'] }),
    'typ of a DPoP proof': withHeader({ typ: 'dpop+jwt' }),
    'embedded key': make({ header: { ...header, jwk: foreignKey.publicJwk }, key: foreignKey }),
    'tampered payload': `${head}.${assemble({ payload: { ...claims, sub: 'admin' }, signature: 'none' }).split('.')[1]}.${signature}`,
    'truncated signature': `${good.slice(0, -8)}`,
    'no signature': make({ signature: 'none' }),
    'payload an array': make({ payload: [claims] }),
    'payload no JSON': make({ payload: '{"iss":' }),
    'five parts': `${good}.${signature}.${signature}`,
    'two parts': `${head}.${signature}`,
    'no JWT': 'opaque-token',
  };
}
