import { describe, expect, it } from 'vitest';
import { DAY, HOUR, ISSUER, MINUTE, SECOND } from '../../test/support/constants.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { VerifiedToken } from '../token/access-token.js';
import type { Revocation } from './revocation.js';
import { MAX_REVOCATIONS, Revocations } from './revocations.js';

/** Revocations with a clock that stands still, and what they log. */
function start(keepMs = DAY) {
  const clock = new ManualClock();
  const logged: string[] = [];
  const log = (level: string) => (line: string) => void logged.push(`${level}: ${line}`);
  const revocations = new Revocations(
    { keepMs },
    { log: log('log'), warn: log('warn'), error: log('error') },
    clock,
  );
  /** @param ageMs how long ago it was issued; null for a token without `iat` */
  const isRevoked = (claims: object, ageMs: number | null = 10 * SECOND, issuer = ISSUER): boolean => {
    const now = clock.wallNow() / 1_000;
    const iat = ageMs === null ? {} : { iat: now - ageMs / 1_000 };
    const token = {
      issuer,
      header: { alg: 'ES256' },
      claims: { iss: issuer, exp: now + 60, ...iat, ...claims },
    };
    return revocations.isRevoked(token as VerifiedToken);
  };
  return { clock, logged, revocations, isRevoked };
}

describe('revocations', () => {
  it('refuse one token, and no other of the same subject', async () => {
    const { revocations, isRevoked } = start();
    expect(isRevoked({ jti: 'a', sub: 'u' })).toBe(false);
    await revocations.revokeToken(ISSUER, 'a');
    expect(isRevoked({ jti: 'a', sub: 'u' })).toBe(true);
    expect(isRevoked({ jti: 'b', sub: 'u' })).toBe(false);
    expect(isRevoked({ jti: 'a', sub: 'u' }, 0, 'https://other.test')).toBe(false);
    expect(isRevoked({ sid: 'a', sub: 'a' })).toBe(false);
  });

  it('refuse the tokens of a session, whenever they were issued, and no other session', async () => {
    const { clock, revocations, isRevoked } = start();
    await revocations.revokeSession(ISSUER, 's1');
    expect([isRevoked({ sid: 's1' }), isRevoked({ sid: 's2' }), isRevoked({})]).toEqual([true, false, false]);
    await clock.advance(HOUR);
    expect(isRevoked({ sid: 's1' }, 0)).toBe(true);
  });

  it('refuse what was issued to a subject until then, and what does not say when', async () => {
    const { clock, revocations, isRevoked } = start();
    await revocations.revokeSubject(ISSUER, 'u');
    expect([isRevoked({ sub: 'u' }), isRevoked({ sub: 'u' }, 0), isRevoked({ sub: 'v' })]).toEqual([
      true,
      true,
      false,
    ]);
    expect([isRevoked({ sub: 'u' }, -SECOND), isRevoked({ sub: 'u' }, null)]).toEqual([false, true]);
    await clock.advance(HOUR);
    expect([isRevoked({ sub: 'u' }, HOUR - SECOND), isRevoked({ sub: 'u' }, HOUR)]).toEqual([false, true]);
  });

  it('refuse a subject until a time that is given, of which the latest counts', async () => {
    const { clock, revocations, isRevoked } = start();
    const now = clock.wallNow();
    await revocations.revokeSubject(ISSUER, 'u', now - 5 * SECOND);
    expect([isRevoked({ sub: 'u' }, 6 * SECOND), isRevoked({ sub: 'u' }, 4 * SECOND)]).toEqual([true, false]);
    await revocations.revokeSubject(ISSUER, 'u', now - 20 * SECOND);
    expect(isRevoked({ sub: 'u' }, 6 * SECOND)).toBe(true);
  });

  it('expire', async () => {
    const { clock, revocations, isRevoked } = start(HOUR);
    await revocations.revokeToken(ISSUER, 'a');
    await clock.advance(HOUR - 1);
    expect(isRevoked({ jti: 'a' })).toBe(true);
    await clock.advance(1);
    expect(isRevoked({ jti: 'a' })).toBe(false);
  });

  it('are kept for longer when they are repeated', async () => {
    const { clock, revocations, isRevoked } = start(HOUR);
    await revocations.revokeToken(ISSUER, 'a');
    await clock.advance(HOUR / 2);
    await revocations.revokeToken(ISSUER, 'a');
    await clock.advance(HOUR - 1);
    expect(isRevoked({ jti: 'a' })).toBe(true);
  });

  it('ignore members that a token inherits', async () => {
    const { revocations, isRevoked } = start();
    await revocations.revokeToken(ISSUER, 'polluted');
    const claims = Object.create({ jti: 'polluted' }) as object;
    expect(isRevoked(claims)).toBe(false);
    expect(isRevoked({ jti: 'polluted' })).toBe(true);
  });

  it('take identifiers of any length', async () => {
    const { revocations, isRevoked } = start();
    const long = 'x'.repeat(5_000);
    await revocations.revokeSession(ISSUER, long);
    expect([isRevoked({ sid: long }), isRevoked({ sid: `${long}y` })]).toEqual([true, false]);
  });

  it.each([
    ['revokeToken', ['', 'a'], 'issuer'],
    ['revokeToken', [ISSUER, ''], 'jti'],
    ['revokeSession', [ISSUER, undefined], 'sid'],
    ['revokeSubject', [ISSUER, 1], 'sub'],
    ['revokeSubject', [ISSUER, 'u', Number.NaN], 'issuedBefore'],
    ['revokeSubject', [ISSUER, 'u', new Date()], 'issuedBefore'],
  ] as const)('%s(%j) is a TypeError that names the argument', async (method, args, name) => {
    const { revocations } = start();
    const call = revocations[method].bind(revocations) as (...given: readonly unknown[]) => Promise<boolean>;
    await expect(call(...args)).rejects.toThrow(new RegExp(`${method}: ${name} must be`));
  });

  it('resolve to false without a store: no other process will read them', async () => {
    expect(await start().revocations.revokeToken(ISSUER, 'a')).toBe(false);
  });

  it('warn once of a token that lives for longer than they are kept', async () => {
    const { logged, revocations, isRevoked } = start(HOUR);
    await revocations.revokeToken(ISSUER, 'a');
    isRevoked({ jti: 'b' });
    expect(logged).toEqual([]);
    isRevoked({ jti: 'c' }, HOUR);
    isRevoked({ jti: 'c' }, HOUR);
    expect(logged).toEqual([expect.stringMatching(/^warn: .*raise revocations\.keepMs/)]);
  });

  it('reach listeners when they are new, until these unsubscribe', async () => {
    const { revocations } = start();
    const received: Revocation[] = [];
    const stop = revocations.onChange((one) => received.push(one));
    revocations.onChange(() => {
      throw new Error('a listener that fails');
    });
    const { length } = received;
    await revocations.revokeSession(ISSUER, 's');
    await revocations.revokeSession(ISSUER, 's');
    stop();
    await revocations.revokeSession(ISSUER, 't');
    expect([length, received]).toEqual([
      0,
      [expect.objectContaining({ kind: 'session', issuer: ISSUER, sid: 's' })],
    ]);
  });
});

describe('more revocations than are kept', () => {
  async function fill(count: number) {
    const scene = start();
    await scene.revocations.revokeToken(ISSUER, 'first');
    await scene.clock.advance(10 * SECOND);
    for (let i = 1; i < count; i += 1) void scene.revocations.revokeToken(ISSUER, `other ${i}`);
    return scene;
  }

  it('a full store refuses what was revoked, and nothing else', async () => {
    const { logged, isRevoked } = await fill(MAX_REVOCATIONS);
    expect([isRevoked({ jti: 'first' }), isRevoked({ jti: 'good' }, HOUR), logged]).toEqual([
      true,
      false,
      [],
    ]);
  });

  it('one more raises the watermark: no token is accepted again, and later ones are', async () => {
    const { clock, logged, revocations, isRevoked } = await fill(MAX_REVOCATIONS + 1);
    expect([isRevoked({ jti: 'first' }, 20 * SECOND), isRevoked({ jti: 'other 1' }, 5 * SECOND)]).toEqual([
      true,
      true,
    ]);
    expect([isRevoked({ jti: 'good' }, HOUR), isRevoked({ jti: 'good' }, null)]).toEqual([true, true]);
    expect(isRevoked({ jti: 'good' }, -SECOND)).toBe(false);
    expect(isRevoked({ jti: 'good' }, HOUR, 'https://other.test')).toBe(false);
    expect(logged).toEqual([expect.stringMatching(/^error: .*more was revoked than is kept/)]);
    await clock.advance(DAY);
    expect(isRevoked({ jti: 'good' }, DAY)).toBe(false);
    await revocations.revokeToken(ISSUER, 'later');
    expect([isRevoked({ jti: 'later' }), isRevoked({ jti: 'good' })]).toEqual([true, false]);
  });

  it('refuses a token of a session that went on, or of a clock that is ahead, as before', async () => {
    const { clock, revocations, isRevoked } = start();
    await revocations.revokeSession(ISSUER, 's');
    await revocations.revokeToken(ISSUER, 'ahead');
    for (let i = 0; i < MAX_REVOCATIONS / 2; i += 1) void revocations.revokeToken(ISSUER, `older ${i}`);
    await clock.advance(HOUR);
    expect(isRevoked({ sid: 's' }, 50 * MINUTE)).toBe(true);
    expect(isRevoked({ jti: 'ahead' }, HOUR - 3 * SECOND)).toBe(true);
    for (let i = 0; i < MAX_REVOCATIONS / 2; i += 1) void revocations.revokeToken(ISSUER, `other ${i}`);
    expect(isRevoked({ sid: 's' }, 50 * MINUTE)).toBe(true);
    expect(isRevoked({ jti: 'ahead' }, HOUR - 3 * SECOND)).toBe(true);
    expect(isRevoked({ sid: 't' }, 49 * MINUTE)).toBe(false);
  });
});
