import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { resolveAuthOptions } from '../auth.options.js';
import { AuthError } from '../common/auth.error.js';
import { Authenticator } from '../guard/authenticator.js';
import type { AccessTokenVerifier } from '../token/access-token-verifier.js';
import type { VerifiedToken } from '../token/access-token.js';
import { Connections } from './connections.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Connections whose tokens are accepted, and expire as many milliseconds after the start as they say.
 *
 * @param before is waited for when a token is verified
 */
function scene(clockToleranceMs = 0, before: (token: string) => Promise<void> | undefined = () => undefined) {
  const clock = new ManualClock();
  const startedAt = clock.wallNow();
  const verify = async (token: string): Promise<VerifiedToken> => {
    await before(token);
    return {
      claims: { iss: 'issuer', sub: 'ada', exp: (startedAt + Number(token)) / 1_000 },
      header: { alg: 'RS256' },
      issuer: 'issuer',
    };
  };
  const verifier = { verify } as unknown as AccessTokenVerifier;
  const { guard: options } = resolveAuthOptions({
    issuer: 'https://issuer.example/',
    audience: 'https://api.example/',
    clockToleranceMs,
  });
  const authenticator = new Authenticator(verifier, options);
  const connections = new Connections(authenticator, verifier, options, clockToleranceMs, clock);
  const ended: string[] = [];
  const connect = async (lifetimeMs: number) => {
    const takeToken = () => String(lifetimeMs);
    const connection = await connections.admit({ opener: {}, httpRequest: {}, takeToken }, 'require');
    connections.add(connection, ({ code }) => ended.push(`${lifetimeMs} ${code}`));
    return connection;
  };
  return { clock, connections, connect, ended };
}

describe('connections', () => {
  it('end at the end of their token and the tolerance, also after more days than a timer can wait', async () => {
    const { clock, connect, ended } = scene(5_000);
    await connect(30 * DAY_MS);
    await connect(HOUR_MS);
    await clock.advance(HOUR_MS + 4_999);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual([`${HOUR_MS} expired`]);
    await clock.advance(30 * DAY_MS);
    expect(ended).toEqual([`${HOUR_MS} expired`, `${30 * DAY_MS} expired`]);
    expect(clock.pending).toBe(0);
  });

  it('are planned anew by a renewal, which may end earlier', async () => {
    const { clock, connections, connect, ended } = scene();
    const connection = await connect(HOUR_MS);
    await connections.renew(connection, {}, String(3 * HOUR_MS));
    await clock.advance(2 * HOUR_MS);
    expect(ended).toEqual([]);
    await connections.renew(connection, {}, String(2 * HOUR_MS + 1_000));
    await clock.advance(1_000);
    expect(ended).toEqual([`${HOUR_MS} expired`]);
  });

  it('wait at their end for a renewal that was under way, and for none that begins later', async () => {
    const gates = new Map([2, 3].map((hours) => [String(hours * HOUR_MS), Promise.withResolvers<void>()]));
    const { clock, connections, connect, ended } = scene(0, (token) => gates.get(token)?.promise);
    const connection = await connect(HOUR_MS);
    const renewals = [connections.renew(connection, {}, String(2 * HOUR_MS))];
    await clock.advance(HOUR_MS);
    renewals.push(connections.renew(connection, {}, String(3 * HOUR_MS)));
    expect(ended).toEqual([]);
    gates.get(String(2 * HOUR_MS))?.reject(new AuthError('bad_signature'));
    await expect(renewals[0]).rejects.toMatchObject({ code: 'bad_signature' });
    await clock.advance(0);
    expect(ended).toEqual([`${HOUR_MS} expired`]);
    gates.get(String(3 * HOUR_MS))?.resolve();
    await renewals[1];
    expect([connections.size, clock.pending]).toEqual([{ open: 0, planned: 0 }, 0]);
  });

  it('end when their token is revoked, while no key can be had', async () => {
    let keys = 'here';
    const { connections, connect, ended } = scene(0, async () => {
      if (keys === 'away') throw new AuthError('keys_unavailable');
    });
    const connection = await connect(HOUR_MS);
    await connect(2 * HOUR_MS);
    let change = () => {};
    connections.watch({
      onChange: (listener) => (change = listener as () => void),
      isRevoked: (token) => token === connection.verified,
    });
    keys = 'away';
    change();
    await expect.poll(() => ended).toEqual([`${HOUR_MS} revoked`]);
  });

  it('end at once when their token was revoked between their admission and their start', async () => {
    const { connections, connect, ended } = scene();
    let revoked = '';
    connections.watch({ onChange: () => () => {}, isRevoked: ({ claims }) => claims.sub === revoked });
    await connect(HOUR_MS);
    expect(ended).toEqual([]);
    revoked = 'ada';
    await connect(2 * HOUR_MS);
    expect(ended).toEqual([`${2 * HOUR_MS} revoked`]);
    expect(connections.size).toEqual({ open: 1, planned: 1 });
  });

  it('leave nothing behind: a hundred thousand of them, connected and disconnected', async () => {
    const { clock, connections, connect, ended } = scene();
    for (let i = 0; i < 100_000; i += 1) connections.remove(await connect(HOUR_MS + i));
    expect(connections.size).toEqual({ open: 0, planned: 0 });
    expect(clock.pending).toBe(0);
    await connect(1_000);
    expect([connections.size, clock.pending]).toEqual([{ open: 1, planned: 1 }, 1]);
    await clock.advance(1_000);
    expect(ended).toEqual(['1000 expired']);
  });
});
