import { describe, expect, it } from 'vitest';
import { DAY, ISSUER, OLD_SECRET, SECRET } from '../../test/support/constants.js';
import { RevocationFleet } from '../../test/support/revocation-fleet.js';

describe('revocations in a store', () => {
  it('are seen by other processes within one poll, and at once by new ones', async () => {
    const fleet = new RevocationFleet();
    const [one, other] = [await fleet.started(), await fleet.started()];
    const received: unknown[] = [];
    other.revocations.onChange(({ kind }) => received.push(kind));
    expect(await one.revocations.revokeToken(ISSUER, 'a')).toBe(true);
    expect(await one.revocations.revokeSession(ISSUER, 's')).toBe(true);
    expect(await one.revocations.revokeSubject(ISSUER, 'u')).toBe(true);
    const verdicts = ({ isRevoked }: typeof one) =>
      [{ jti: 'a' }, { sid: 's' }, { sub: 'u' }, { jti: 'b', sid: 't', sub: 'v' }].map(isRevoked);
    expect(verdicts(one)).toEqual([true, true, true, false]);
    expect(verdicts(other)).toEqual([false, false, false, false]);
    await fleet.poll();
    expect(verdicts(other)).toEqual([true, true, true, false]);
    expect(verdicts(await fleet.started())).toEqual([true, true, true, false]);
    expect(received).toEqual(['token', 'session', 'subject']);
  });

  it('cost one read a poll while nothing is new', async () => {
    const fleet = new RevocationFleet();
    const [one] = [await fleet.started(), await fleet.started()];
    await one.revocations.revokeToken(ISSUER, 'a');
    await fleet.poll();
    fleet.reads = 0;
    await fleet.poll();
    await fleet.poll();
    expect(fleet.reads).toBe(4);
  });

  it('survive what processes write at the same time', async () => {
    const fleet = new RevocationFleet();
    const members = await Promise.all(Array.from({ length: 5 }, () => fleet.started()));
    await Promise.all(
      members.flatMap(({ revocations }, i) =>
        Array.from({ length: 3 }, (_, j) => revocations.revokeToken(ISSUER, `${i} ${j}`)),
      ),
    );
    await fleet.poll();
    await fleet.poll();
    const { isRevoked } = await fleet.started();
    const all = members.flatMap((_, i) => [0, 1, 2].map((j) => isRevoked({ jti: `${i} ${j}` })));
    expect(all).toEqual(all.map(() => true));
  });

  it('are read from as many entries as it takes', async () => {
    const fleet = new RevocationFleet();
    const [one, other] = [await fleet.started(), await fleet.started()];
    for (let i = 0; i < 1_200; i += 1) void one.revocations.revokeToken(ISSUER, `t${i}`);
    expect(await one.revocations.revokeToken(ISSUER, 'last')).toBe(true);
    await fleet.poll();
    for (const { isRevoked } of [other, await fleet.started()])
      expect([isRevoked({ jti: 't0' }), isRevoked({ jti: 't700' }), isRevoked({ jti: 'last' })]).toEqual([
        true,
        true,
        true,
      ]);
  });

  it('refuse every older token in a new process when one process has revoked more than is kept', async () => {
    const fleet = new RevocationFleet();
    const one = await fleet.started();
    for (let i = 0; i < 200_001; i += 1) void one.revocations.revokeToken(`https://${i % 4}.test`, `t${i}`);
    expect(await one.revocations.revokeToken(ISSUER, 'last')).toBe(true);
    const { isRevoked, logged } = await fleet.started();
    expect([isRevoked({ jti: 'other' }), isRevoked({ jti: 'other', iat: undefined })]).toEqual([true, true]);
    expect(isRevoked({ jti: 'other', iat: fleet.clock.wallNow() / 1_000 + 1 })).toBe(false);
    expect(logged).toEqual([expect.stringContaining('tokens of every issuer')]);
    await fleet.clock.advance(DAY);
    expect(isRevoked({ jti: 'other' })).toBe(false);
  });

  it('stay known while the store is down, and are shared when it can be used again', async () => {
    const fleet = new RevocationFleet();
    const [one, other] = [await fleet.started(), await fleet.started()];
    await one.revocations.revokeToken(ISSUER, 'before');
    await fleet.poll();
    fleet.isDown = true;
    expect(await one.revocations.revokeToken(ISSUER, 'meanwhile')).toBe(false);
    await fleet.poll();
    await fleet.poll();
    expect([one.isRevoked({ jti: 'meanwhile' }), other.isRevoked({ jti: 'meanwhile' })]).toEqual([
      true,
      false,
    ]);
    expect([one.isRevoked({ jti: 'before' }), other.isRevoked({ jti: 'before' })]).toEqual([true, true]);
    expect(other.logged).toEqual([expect.stringContaining('revocations cannot be shared')]);
    fleet.isDown = false;
    await fleet.poll();
    await fleet.poll();
    expect(other.isRevoked({ jti: 'meanwhile' })).toBe(true);
    expect(other.logged.at(-1)).toContain('revocations are shared again');
  });

  it('are written again when the store has lost them', async () => {
    const fleet = new RevocationFleet();
    const one = await fleet.started();
    await one.revocations.revokeToken(ISSUER, 'a');
    await fleet.poll();
    fleet.entries.clear();
    await fleet.poll();
    expect((await fleet.started()).isRevoked({ jti: 'a' })).toBe(true);
  });

  it('are found again by others when a process that has ended was overwritten in the index', async () => {
    const fleet = new RevocationFleet();
    const [one, other, third] = [await fleet.started(), await fleet.started(), await fleet.started()];
    await one.revocations.revokeToken(ISSUER, 'first');
    const index = [...fleet.entries].filter(([name]) => name.includes(':revokers:'));
    await third.revocations.revokeToken(ISSUER, 'second');
    await fleet.poll();
    third.revocations.close();
    for (const [name, entry] of index) fleet.entries.set(name, entry);
    await fleet.poll();
    const { isRevoked } = await fleet.started();
    expect([isRevoked({ jti: 'first' }), isRevoked({ jti: 'second' })]).toEqual([true, true]);
    expect(other.isRevoked({ jti: 'second' })).toBe(true);
  });

  it('are not read from an entry that was tampered with, and not dropped for it', async () => {
    const fleet = new RevocationFleet();
    const [one, other] = [await fleet.started(), await fleet.started()];
    await one.revocations.revokeToken(ISSUER, 'known');
    await fleet.poll();
    fleet.tamper('revoked', (entry) => entry.replace('known', 'other'));
    await one.revocations.revokeToken(ISSUER, 'later');
    fleet.tamper('revoked', (entry) => entry.replace('later', 'other'));
    await fleet.poll();
    expect([other.isRevoked({ jti: 'known' }), other.isRevoked({ jti: 'other' })]).toEqual([true, false]);
    expect(other.logged).toEqual([expect.stringContaining('(wrong_signature)')]);
    fleet.tamper('revokers', (entry) => entry.replace('"count":', '"count":1'));
    await fleet.poll();
    expect(other.isRevoked({ jti: 'known' })).toBe(true);
  });

  it('need the secret, of which there may be two during a rotation', async () => {
    const fleet = new RevocationFleet();
    const one = await fleet.started([OLD_SECRET]);
    await one.revocations.revokeToken(ISSUER, 'a');
    expect((await fleet.started([SECRET, OLD_SECRET])).isRevoked({ jti: 'a' })).toBe(true);
    const unrelated = await fleet.started([SECRET]);
    expect(unrelated.isRevoked({ jti: 'a' })).toBe(false);
    expect(unrelated.logged).toEqual([expect.stringContaining('(wrong_signature)')]);
  });

  it('expire in the store as in memory', async () => {
    const fleet = new RevocationFleet();
    const one = await fleet.started();
    await one.revocations.revokeToken(ISSUER, 'a');
    await fleet.clock.advance(DAY);
    expect(one.isRevoked({ jti: 'a' })).toBe(false);
    expect((await fleet.started()).isRevoked({ jti: 'a' })).toBe(false);
  });

  it('are neither read nor written after close, and stay known', async () => {
    const fleet = new RevocationFleet();
    const [one, other] = [await fleet.started(), await fleet.started()];
    await other.revocations.revokeToken(ISSUER, 'known');
    other.revocations.close();
    await one.revocations.revokeToken(ISSUER, 'later');
    await fleet.poll();
    expect([other.isRevoked({ jti: 'known' }), other.isRevoked({ jti: 'later' })]).toEqual([true, false]);
    expect(await other.revocations.revokeToken(ISSUER, 'b')).toBe(false);
    one.revocations.close();
    expect(fleet.clock.pending).toBe(0);
  });
});
