import { createHmac } from 'node:crypto';
import type { TestIssuer, TestKey } from 'nestjs-jwks-auth/testing';
import {
  forgeToken,
  goodHeader,
  type ForgedSignature,
  type ForgedToken,
} from '../../../libs/testing/src/minting.js';
import { createTestKey } from '../../../libs/testing/src/test-key.js';
import type { GuardedRouteOptions } from '../guarded-route.js';

/** The keys of an issuer that attacks are made with; the stranger's is not published. */
export interface AttackKeys {
  readonly es256: TestKey;
  readonly rs256: TestKey;
  readonly ps256: TestKey;
  readonly eddsa: TestKey;
  readonly stranger: TestKey;
}

/** What an attacker can work with. */
export interface AttackScene {
  readonly issuer: TestIssuer;
  readonly keys: AttackKeys;
  /** An issuer whose key has the kid of our `es256`. */
  readonly other: TestIssuer;
}

/** One row of the table of attacks. */
export interface Attack {
  readonly id: string;
  readonly attack: string;
  /** MUST: an RFC says so. STRICT: the RFC 9068 profile does. HARD: hardening. POLICY: the RFCs leave it open. */
  readonly force: 'MUST' | 'STRICT' | 'HARD' | 'POLICY';
  readonly reference: string;
  /** Of every token; 200 where it is to be accepted. @default 401 */
  readonly status?: 200 | 400 | 403;
  /** The choice that was made and its reason, where the RFCs leave one. */
  readonly policy?: string;
  /** The tokens to try, by name. */
  readonly tokens: (scene: AttackScene) => Readonly<Record<string, string>>;
  /** A good token on the same route, if possible under the same key. @default one under `es256` */
  readonly good?: (scene: AttackScene) => string;
  /** What the route is like. @default the four keys are published, options are the defaults */
  readonly route?: (keys: AttackKeys, other: TestIssuer) => GuardedRouteOptions;
  /** The path of the request. @default '/me' */
  readonly path?: string;
  /** More header lines. */
  readonly headers?: readonly string[];
}

export async function createAttackKeys(): Promise<AttackKeys> {
  const [es256, rs256, ps256, eddsa, stranger] = await Promise.all(
    (['ES256', 'RS256', 'PS256', 'EdDSA', 'ES256'] as const).map((algorithm) => createTestKey(algorithm)),
  );
  return { es256, rs256, ps256, eddsa, stranger } as AttackKeys;
}

export const published = ({ es256, rs256, ps256, eddsa }: AttackKeys): object[] =>
  [es256, rs256, ps256, eddsa].map(({ publicJwk }) => publicJwk);

/** A token with claims that are good but for some changes. */
export const claim = ({ issuer, keys }: AttackScene, claims: object, key: TestKey = keys.es256): string =>
  forgeToken({ header: goodHeader(key), payload: issuer.claims(claims as never), key });

/** A token with a header that is good but for some changes. */
export const head = (
  { issuer, keys }: AttackScene,
  header: object,
  { key = keys.es256, ...forgery }: ForgedToken = {},
): string =>
  forgeToken({ header: { ...goodHeader(key), ...header }, payload: issuer.claims(), key, ...forgery });

/** Claims written by hand: what stands between the braces of good claims, and more. */
export const rawClaims = ({ issuer, keys }: AttackScene, more: string, without?: string): string => {
  const claims = { ...issuer.claims(), ...(without === undefined ? {} : { [without]: undefined }) };
  const payload = `${JSON.stringify(claims).slice(0, -1)},${more}}`;
  return forgeToken({ header: goodHeader(keys.es256), payload, key: keys.es256 });
};

export const hmac =
  (secret: string | Buffer, hash = 'sha256'): ForgedSignature =>
  (signingInput) =>
    createHmac(hash, secret).update(signingInput).digest();

/** Tokens by what is in them: `each([1, null], (value) => claim(scene, { sub: value }))`. */
export const each = <T>(values: readonly T[], make: (value: T) => string): Record<string, string> =>
  Object.fromEntries(
    values.map((value) => [(JSON.stringify(value) ?? 'undefined').slice(0, 60), make(value)]),
  );

export const nowS = (): number => Math.floor(Date.now() / 1_000);
