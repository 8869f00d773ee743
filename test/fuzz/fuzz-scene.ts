import type { TestKey } from 'nestjs-jwks-auth/testing';
import { forgeToken, goodClaims, goodHeader } from '../../libs/testing/src/minting.js';
import { createTestKey } from '../../libs/testing/src/test-key.js';
import { KEY_NAMES, OURS, type Change, type FuzzCase, type KeyName } from './fuzz-case.js';

/** What a case comes to: a token, and the key set that it is tried under. */
export interface FuzzInput {
  readonly token: string;
  readonly jwks: readonly unknown[];
  readonly profile: boolean;
}

/** With a tenant in its path, so that a key can be that of another tenant. */
export const TENANT_ISSUER = 'https://issuer.example/tenant-y/v2.0';
export const AUDIENCE = 'https://api.example';

const ALGORITHMS = { es256: 'ES256', eddsa: 'EdDSA', rs256: 'RS256', stranger: 'ES256' } as const;
const TIMES = ['exp', 'nbf', 'iat'];

/** Turns cases into tokens and key sets. */
export class FuzzScene {
  private constructor(private readonly keys: Readonly<Record<KeyName, TestKey>>) {}

  static async create(): Promise<FuzzScene> {
    const keys = await Promise.all(
      KEY_NAMES.map(async (name) => [name, await createTestKey(ALGORITHMS[name], name)] as const),
    );
    return new FuzzScene(Object.fromEntries(keys) as Record<KeyName, TestKey>);
  }

  build({ key: name, header, claims, writing, cut, keySet, extra, profile }: FuzzCase): FuzzInput {
    const key = this.keys[name];
    const parts = [
      JSON.stringify(changed(goodHeader(key), header)),
      withInfinity(
        JSON.stringify(changed(goodClaims({ issuer: TENANT_ISSUER, audience: AUDIENCE }), claims)),
      ),
    ] as [string, string];
    const written = parts.map((part, i) => (writing?.[0] === i ? rewrite(part, writing[1]) : part)) as [
      string | Buffer,
      string | Buffer,
    ];
    const token = forgeToken({ header: written[0], payload: written[1], key });
    return {
      token: cut === undefined ? token : recut(token, ...cut),
      jwks: this.keySet(keySet, extra),
      profile,
    };
  }

  private keySet(changes: FuzzCase['keySet'], extra: FuzzCase['extra']): readonly unknown[] {
    const { es256, eddsa, rs256, stranger } = this.keys;
    const jwks = [es256, eddsa, rs256].map(({ publicJwk }, index) =>
      changed(
        publicJwk,
        changes.filter(([at]) => at === index).map(([, change]) => change),
      ),
    );
    const twin = { ...stranger.publicJwk, kid: es256.kid };
    const named: Record<string, unknown> = { '<stranger>': stranger.publicJwk, '<twin>': twin };
    const more = extra.map((one) => (typeof one === 'string' && one in named ? named[one] : one));
    return JSON.parse(JSON.stringify([...jwks, ...more])) as unknown[];
  }
}

/** An object with changes; what is undefined is removed, and the placeholders of a case are filled in. */
function changed(object: object, changes: readonly Change[]): Record<string, unknown> {
  const result = Object.fromEntries(Object.entries(object));
  for (const [name, value] of changes) {
    const filled = TIMES.includes(name) ? asTime(value) : filledIn(value);
    Object.defineProperty(result, name, {
      value: filled,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

const asTime = (value: unknown): unknown => {
  const now = Math.floor(Date.now() / 1_000);
  if (typeof value === 'number') return now + value;
  return value === '<string>' ? String(now + 60) : value;
};

function filledIn(value: unknown): unknown {
  const text = JSON.stringify(value)
    ?.replaceAll(OURS.issuer, TENANT_ISSUER)
    .replaceAll(OURS.audience, AUDIENCE);
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

const withInfinity = (json: string): string => json.replaceAll('"<infinite>"', '1e400');

function rewrite(json: string, how: NonNullable<FuzzCase['writing']>[1]): string | Buffer {
  const open = json.slice(0, -1);
  switch (how) {
    case 'byte order mark':
      return `\u{feff}${json}`;
    case 'latin1':
      return Buffer.from(`${open},"name":"é"}`, 'latin1');
    case 'spaces':
      return ` ${json.replaceAll(',', ' ,\n')}\t`;
    case 'twice':
      return `${open},"iss":"${TENANT_ISSUER}","sub":"first","sub":"last"}`;
    case '__proto__':
      return `${open},"__proto__":{"admin":true}}`;
    case 'deep':
      return `${open},"deep":${'['.repeat(40)}${']'.repeat(40)}}`;
    case 'half':
      return open;
  }
}

function recut(token: string, how: NonNullable<FuzzCase['cut']>[0], at: number): string {
  const index = at % token.length;
  const [before, after] = [token.slice(0, index), token.slice(index)];
  switch (how) {
    case 'padding':
      return `${token}=`;
    case 'stray bits':
      return token.slice(0, -1) + nextInAlphabet(token.at(-1) ?? 'A');
    case 'space':
      return `${before} ${after}`;
    case 'plus':
      return token.replace('-', '+').replace('_', '/');
    case 'cut':
      return before;
    case 'more':
      return `${before}A${after}`;
    case 'part':
      return `${before}.${after}`;
    case 'flip':
      return before + nextInAlphabet(after[0] ?? 'A') + after.slice(1);
    case 'long':
      return token + 'A'.repeat(9_000);
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const nextInAlphabet = (character: string): string => ALPHABET[(ALPHABET.indexOf(character) + 1) % 64] ?? 'A';
