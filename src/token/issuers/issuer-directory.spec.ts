import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ManualClock, settle } from '../../../test/support/manual-clock.js';
import type { AuthError } from '../../common/auth.error.js';
import { KeyRings } from '../../keys/key-rings.js';
import { resolveKeyOptions } from '../../keys/key.options.js';
import { resolveDynamicIssuers, type DynamicIssuers } from './dynamic-issuers.js';
import { IssuerDirectory } from './issuer-directory.js';

const ACME = 'https://acme.test';
const audience = 'https://api.test';

let clock: ManualClock;
let rings: KeyRings;
beforeEach(() => {
  clock = new ManualClock();
  rings = new KeyRings([], resolveKeyOptions(), () => {}, { clock, random: Math.random });
});

/** A directory of these issuers alone. */
function directoryOf(given: Partial<DynamicIssuers>): IssuerDirectory {
  const issuers = { allow: () => true, resolve: (issuer: string) => ({ issuer }), ...given };
  return new IssuerDirectory([], rings, resolveDynamicIssuers(issuers, { audience }, false), clock);
}

/** The name of an issuer when it is accepted, else the refusal. */
async function lookUp(directory: IssuerDirectory, issuer = ACME): Promise<unknown> {
  try {
    const found = directory.find(issuer) ?? (await directory.resolve(issuer));
    return found.rules.issuer;
  } catch (error) {
    const { code, cause } = error as AuthError;
    return cause === undefined ? code : [code, (cause as Error).message];
  }
}

describe('a dynamic issuer', () => {
  it('is resolved once for all concurrent requests, and gets one ring', async () => {
    const resolution = Promise.withResolvers<{ issuer: string }>();
    const resolve = vi.fn<DynamicIssuers['resolve']>(() => resolution.promise);
    const directory = directoryOf({ resolve });
    const open = vi.spyOn(rings, 'open');
    const verdicts = Promise.all(Array.from({ length: 100 }, () => lookUp(directory)));
    resolution.resolve({ issuer: ACME });
    expect(new Set(await verdicts)).toEqual(new Set([ACME]));
    expect(await lookUp(directory)).toBe(ACME);
    expect([resolve.mock.calls, open.mock.calls.length]).toEqual([[[ACME]], 1]);
  });

  it('has the rules that it was resolved to, and those beside the resolver', async () => {
    const directory = directoryOf({ resolve: (issuer) => ({ issuer, algorithms: ['ES256'] }) });
    const { rules } = await directory.resolve(ACME);
    expect(rules).toMatchObject({ issuer: ACME, audience: [audience], algorithms: ['ES256'] });
  });

  it('is resolved again when its ring was closed', async () => {
    const resolve = vi.fn<DynamicIssuers['resolve']>((issuer) => ({ issuer }));
    const directory = directoryOf({ resolve });
    await lookUp(directory);
    rings.forget(ACME);
    expect(await lookUp(directory)).toBe(ACME);
    expect(resolve).toHaveBeenCalledTimes(2);
  });

  it('is refused once it is no longer allowed', async () => {
    let isAllowed = true;
    const directory = directoryOf({ allow: () => isAllowed });
    expect(await lookUp(directory)).toBe(ACME);
    isAllowed = false;
    expect(await lookUp(directory)).toBe('unknown_issuer');
  });
});

describe('an issuer that is not accepted', () => {
  it('is refused before it is resolved when it is not allowed, and leaves no state behind', async () => {
    const resolve = vi.fn<DynamicIssuers['resolve']>((issuer) => ({ issuer }));
    const directory = directoryOf({ allow: (issuer) => issuer === ACME, resolve });
    for (let i = 0; i < 1_000; i += 1)
      expect(await lookUp(directory, `https://${i}.test`)).toBe('unknown_issuer');
    expect([resolve.mock.calls.length, rings.status()]).toEqual([0, []]);
    expect(await lookUp(directory)).toBe(ACME);
  });

  it.each([undefined, null])(
    'is refused when the application resolves it to %s, which is not cached',
    async (nothing) => {
      const resolve = vi.fn<DynamicIssuers['resolve']>(async () => nothing);
      const directory = directoryOf({ resolve });
      for (let i = 0; i < 2; i += 1) expect(await lookUp(directory)).toBe('unknown_issuer');
      expect([resolve.mock.calls.length, rings.status()]).toEqual([2, []]);
    },
  );

  it.each([
    ['no string', 7],
    ['an array', [ACME]],
    ['missing', undefined],
  ])('is refused when it is %s', (_, iss) => {
    const allow = vi.fn<DynamicIssuers['allow']>(() => true);
    expect(() => directoryOf({ allow }).find(iss)).toThrow(
      expect.objectContaining({ code: 'unknown_issuer' }),
    );
    expect(allow).not.toHaveBeenCalled();
  });
});

/** Collects unhandled rejections until the end of the test. */
function watchRejections() {
  const unhandled = vi.fn<(error: unknown) => void>();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  return unhandled;
}

describe('a token that cannot be verified', () => {
  const prefix = 'nestjs-jwks-auth: option "issuers.';
  const broken = () => {
    throw new Error('the database is down');
  };

  it.each<[string, Partial<DynamicIssuers>, string]>([
    ['resolve throws', { resolve: broken }, 'the database is down'],
    ['resolve rejects', { resolve: async () => broken() }, 'the database is down'],
    ['allow throws', { allow: broken }, 'the database is down'],
    [
      'allow is asynchronous',
      { allow: (async () => false) as never },
      `${prefix}allow" must return true or false`,
    ],
    [
      'resolve returns another issuer',
      { resolve: () => ({ issuer: `${ACME}/` }) },
      `${prefix}resolve().issuer" must be the issuer that was passed to it`,
    ],
    [
      'resolve returns an insecure address',
      { resolve: (issuer) => ({ issuer, jwksUri: 'http://acme.test/jwks' }) },
      `${prefix}resolve().jwksUri" must be an https URL; http is for loopback, or for where keys.allowHttp says so`,
    ],
    [
      'resolve returns an issuer with a line break',
      { resolve: (issuer) => ({ issuer: `${issuer}/\nforged` }) },
      `${prefix}resolve().issuer" must hold no credentials, no spaces and no control characters`,
    ],
    [
      'resolve returns an unknown option',
      { resolve: (issuer) => ({ issuer, jwks: '' }) as never },
      `${prefix}resolve().jwks" is unknown`,
    ],
  ])('gets 503 with the cause when %s, and may pass the next time', async (_, given, message) => {
    expect(await lookUp(directoryOf(given))).toEqual(['keys_unavailable', message]);
    expect(rings.status()).toEqual([]);
    expect(await lookUp(directoryOf({}))).toBe(ACME);
  });

  it('gets 503 when the application does not resolve it in 5 seconds, and the next token tries again', async () => {
    const resolve = vi.fn<DynamicIssuers['resolve']>(() => new Promise(() => {}));
    const directory = directoryOf({ resolve });
    const first = lookUp(directory);
    await clock.advance(4_999);
    resolve.mockImplementation((issuer) => ({ issuer }));
    const joined = lookUp(directory);
    await clock.advance(1);
    const late = ['keys_unavailable', 'issuers.resolve did not respond in time'];
    expect([await first, await joined]).toEqual([late, late]);
    expect(await lookUp(directory)).toBe(ACME);
    expect(clock.pending).toBe(0);
  });

  it('gets 503 as the 1,001st that waits, of one issuer or of many', async () => {
    const resolve = vi.fn<DynamicIssuers['resolve']>(() => new Promise(() => {}));
    const directory = directoryOf({ resolve });
    for (let i = 0; i < 1_000; i += 1) void lookUp(directory, `https://${i}.test`);
    await settle();
    expect(await lookUp(directory)).toBe('keys_unavailable');
    expect(await lookUp(directory, 'https://0.test')).toBe('keys_unavailable');
    expect(resolve).toHaveBeenCalledTimes(1_000);
  });

  it('leaves no rejection unhandled when a rule returns a promise', async () => {
    const unhandled = watchRejections();
    const directory = directoryOf({ allow: (async () => broken()) as never });
    for (let i = 0; i < 3; i += 1) await lookUp(directory);
    await settle();
    expect(unhandled).not.toHaveBeenCalled();
    expect(await lookUp(directoryOf({}))).toBe(ACME);
  });

  it('leaves no rejection unhandled when too many wait already', async () => {
    const unhandled = watchRejections();
    const hanging: DynamicIssuers['resolve'] = () => new Promise(() => {});
    const directory = directoryOf({ resolve: (issuer) => (issuer === ACME ? hanging(issuer) : broken()) });
    for (let i = 0; i < 1_000; i += 1) void lookUp(directory);
    expect(await lookUp(directory, 'https://globex.test')).toBe('keys_unavailable');
    await settle();
    expect(unhandled).not.toHaveBeenCalled();
    expect(await lookUp(directoryOf({}))).toBe(ACME);
  });
});
