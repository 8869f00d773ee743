import { forgeToken, goodClaims, goodHeader } from '../../libs/testing/src/minting.js';
import { createTestKey, type TestKey } from '../../libs/testing/src/test-key.js';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_ALGORITHMS } from '../keys/algorithms.js';
import { FunctionJwksSource } from '../keys/function.source.js';
import { KeyRing } from '../keys/key-ring.js';
import type { KeyRings } from '../keys/key-rings.js';
import { AccessTokenVerifier, type VerificationNotes } from './access-token.verifier.js';
import { resolveIssuer } from './issuer-rules.js';
import { resolveTokenOptions, type TokenOptions } from './token.options.js';

const ISSUER = { issuer: 'https://issuer.example', audience: 'https://api.example' };
const HOUR_MS = 3_600_000;
const refused = (code: string) => expect.objectContaining({ name: 'AuthError', code });

let key: TestKey;
let other: TestKey;
beforeAll(async () => {
  [key, other] = await Promise.all([createTestKey('ES256'), createTestKey('ES256')]);
});

/** What the issuer answers; undefined when it is away. */
let published: object[] | undefined;
let nowMs: number;
let ring: KeyRing;
beforeEach(async () => {
  published = [key.publicJwk, other.publicJwk];
  nowMs = Date.now();
  const clock = { now: () => nowMs, wallNow: () => nowMs, after: () => () => {} };
  ring = new KeyRing({
    issuer: ISSUER.issuer,
    source: new FunctionJwksSource('test', async () => published),
    clock,
    random: () => 0,
    onEvent: () => {},
    algorithms: DEFAULT_ALGORITHMS,
    lifetime: { maxAgeMs: HOUR_MS, staleForMs: HOUR_MS },
    timeoutMs: HOUR_MS,
    deniedKids: [],
    jwksRequestsPerMinute: 6,
    mayPark: false,
  });
  await ring.start();
});

const verifierWith = (options: TokenOptions = {}): AccessTokenVerifier =>
  new AccessTokenVerifier(
    [resolveIssuer(ISSUER, '', false)],
    resolveTokenOptions(options),
    { get: () => ring } as unknown as KeyRings,
    undefined,
    { wallNow: () => nowMs },
  );
const tokenFor = (claims: object = {}, by = key): string =>
  forgeToken({ header: goodHeader(by), payload: { ...goodClaims(ISSUER), ...claims }, key: by });
const inHours = (hours: number): number => (nowMs + hours * HOUR_MS) / 1_000;

/** Verifies, and tells whether the token was remembered. */
async function remembers(verifier: AccessTokenVerifier, token: string): Promise<boolean | undefined> {
  const notes: VerificationNotes = {};
  await verifier.verify(token, notes);
  return notes.remembered;
}

it('refuses what is no string, and what is too long, unread', async () => {
  const verifier = verifierWith({ maxTokenBytes: 1_000 });
  await expect(verifier.verify(undefined as unknown as string)).rejects.toThrow(refused('malformed_token'));
  await expect(verifier.verify(`${tokenFor()}${'.'.repeat(1_000)}`)).rejects.toThrow(
    refused('token_too_large'),
  );
  await expect(verifier.verify('.'.repeat(1_000))).rejects.toThrow(refused('malformed_token'));
  await expect(verifier.verify(tokenFor())).resolves.toBeDefined();
});

describe('a verified token', () => {
  it('is remembered, whole: one that differs in its signature alone is verified anew', async () => {
    const verifier = verifierWith();
    const token = tokenFor();
    expect([await remembers(verifier, token), await remembers(verifier, token)]).toEqual([false, true]);
    const [h, p] = token.split('.');
    await expect(verifier.verify(`${h}.${p}.${'A'.repeat(86)}`)).rejects.toThrow(refused('bad_signature'));
    expect(await remembers(verifier, token)).toBe(true);
  });

  it('is handed out as one object that nobody can change', async () => {
    const verifier = verifierWith();
    const token = tokenFor({ roles: ['a'] });
    const first = await verifier.verify(token);
    expect(await verifier.verify(token)).toBe(first);
    expect(() => (first.claims['roles'] as string[]).push('admin')).toThrow(TypeError);
    expect(() => Object.assign(first.header, { kid: 'other' })).toThrow(TypeError);
  });

  it('is not remembered with verifiedTokens: false', async () => {
    const verifier = verifierWith({ verifiedTokens: false });
    const token = tokenFor();
    expect([await remembers(verifier, token), await remembers(verifier, token)]).toEqual([false, false]);
  });

  it('expires while it is remembered', async () => {
    const verifier = verifierWith({ clockToleranceMs: 0 });
    const token = tokenFor({ exp: inHours(0.5) });
    await verifier.verify(token);
    nowMs += HOUR_MS / 2 - 1;
    expect(await remembers(verifier, token)).toBe(true);
    nowMs += 1;
    await expect(verifier.verify(token)).rejects.toThrow(refused('expired'));
  });

  it('is refused once the clock goes back before its nbf', async () => {
    const verifier = verifierWith({ clockToleranceMs: 0 });
    const token = tokenFor({ nbf: nowMs / 1_000 });
    await verifier.verify(token);
    nowMs -= 1;
    await expect(verifier.verify(token)).rejects.toThrow(refused('not_yet_valid'));
  });

  it('stays when the same keys are fetched again, and when another key goes', async () => {
    const verifier = verifierWith();
    const token = tokenFor();
    await verifier.verify(token);
    await ring.refresh();
    expect(await remembers(verifier, token)).toBe(true);
    published = [key.publicJwk];
    await ring.refresh();
    expect(await remembers(verifier, token)).toBe(true);
  });

  it('goes at once with a key that is withdrawn, and is verified anew when it comes back', async () => {
    const verifier = verifierWith();
    const token = tokenFor();
    await verifier.verify(token);
    published = [other.publicJwk];
    await ring.refresh();
    await expect(verifier.verify(token)).rejects.toThrow(refused('unknown_key'));
    published = [key.publicJwk];
    await ring.refresh();
    expect(await remembers(verifier, token)).toBe(false);
  });

  it('goes with a key whose kid now names other material', async () => {
    const verifier = verifierWith();
    const token = tokenFor();
    await verifier.verify(token);
    published = [{ ...other.publicJwk, kid: key.kid }];
    await ring.refresh();
    await expect(verifier.verify(token)).rejects.toThrow(refused('bad_signature'));
  });

  it('goes at once with a key that is denied, while tokens of other keys stay', async () => {
    const verifier = verifierWith();
    const [ours, theirs] = [tokenFor(), tokenFor({}, other)];
    await Promise.all([verifier.verify(ours), verifier.verify(theirs)]);
    ring.deny(key.kid);
    await expect(verifier.verify(ours)).rejects.toThrow(refused('unknown_key'));
    expect(await remembers(verifier, theirs)).toBe(true);
  });

  it('is refused when its key is denied while it is being verified', async () => {
    const verifier = verifierWith();
    const pending = verifier.verify(tokenFor());
    ring.deny(key.kid);
    await expect(pending).rejects.toThrow(refused('unknown_key'));
    await expect(verifier.verify(tokenFor({}, other))).resolves.toBeDefined();
  });

  it('is not accepted from memory past the life of the key set', async () => {
    const verifier = verifierWith();
    const token = tokenFor({ exp: inHours(9) });
    await verifier.verify(token);
    published = undefined;
    nowMs += 2 * HOUR_MS - 1;
    expect(await remembers(verifier, token)).toBe(true);
    nowMs += 1;
    await expect(verifier.verify(token)).rejects.toThrow(refused('keys_unavailable'));
  });

  it('is asked about by isRevoked each time', async () => {
    let revoked = false;
    const verifier = verifierWith({ isRevoked: () => revoked });
    const token = tokenFor();
    await verifier.verify(token);
    revoked = true;
    await expect(verifier.verify(token)).rejects.toThrow(refused('revoked'));
    revoked = false;
    expect(await remembers(verifier, token)).toBe(true);
  });

  it('shares its header with the others that have the same', async () => {
    const verifier = verifierWith();
    const [first, second, under] = [tokenFor(), tokenFor(), tokenFor({}, other)] as [string, string, string];
    const { header } = await verifier.verify(first);
    expect((await verifier.verify(second)).header).toBe(header);
    expect((await verifier.verify(under)).header).not.toEqual(header);
    expect(Object.isFrozen(header)).toBe(true);
  });
});
