import KeyvRedis, { createKeyv } from '@keyv/redis';
import type { Keyv } from 'keyv';
import { KeyRings, Revocations, type KeyOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { OLD_SECRET, SECRET } from '../support/constants.js';
import { startGuardedApp, type GuardedApp } from '../support/guarded-app.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';

describe.skipIf(!hasRedis && process.env['REQUIRE_ALL'] === undefined)(
  'keys shared through Redis (skipped without redis-server)',
  () => {
    let redis: RedisServer;
    let issuer: TestIssuer;
    let stores: Keyv[] = [];
    beforeAll(async () => {
      redis = await RedisServer.start();
    });
    afterAll(() => redis.kill());
    beforeEach(async () => {
      issuer = await startTestIssuer();
    });
    afterEach(async () => {
      await issuer.close();
      await Promise.all(stores.map((store) => (store.store as KeyvRedis<string>).disconnect(true)));
      stores = [];
    });

    /** One more process: an application with a connection of its own. */
    const start = (keys: KeyOptions = {}, lines: string[] = []): Promise<GuardedApp> => {
      const store = createKeyv(redis.url);
      stores.push(store);
      const log = (line: string) => void lines.push(line);
      return startGuardedApp(
        {
          issuer: issuer.issuer,
          audience: issuer.audience,
          verifiedTokens: false,
          keys: { store, storeSecret: SECRET, bootstrap: 'background', ...keys },
        },
        { logger: { log, warn: log, error: log } },
      );
    };
    const stateOf = (api: GuardedApp) => api.app.get(KeyRings).status()[0]?.state;
    const reaches = (api: GuardedApp, state: string) =>
      vi.waitFor(() => expect(stateOf(api)).toBe(state), { interval: 5, timeout: 10_000 });
    const statusOf = async (api: GuardedApp, token = issuer.token()) => (await api.get('/me', token)).status;
    /** Resolves once the keys of the issuer are in Redis; after a failure of the issuer that takes its back-off. */
    const isWritten = async () => {
      const store = createKeyv(redis.url);
      stores.push(store);
      const names = async () => {
        const client = await (
          store.store as { getClient(): Promise<{ keys(p: string): Promise<string[]> }> }
        ).getClient();
        return client.keys('nestjs-jwks-auth:jwks:*');
      };
      await vi.waitFor(async () => expect((await names()).length).toBeGreaterThan(0), 15_000);
    };

    it('fetches from the issuer once for two processes', async () => {
      await using one = await start();
      await reaches(one, 'FRESH');
      await isWritten();
      const lines: string[] = [];
      await using other = await start({}, lines);
      await reaches(other, 'FRESH');
      expect([await statusOf(one), await statusOf(other), issuer.requests.jwks]).toEqual([200, 200, 1]);
      expect(lines.join('\n')).toContain('from the key store, given by');
    });

    it('lets a process start during an outage of the issuer', async () => {
      await using one = await start();
      await reaches(one, 'FRESH');
      await isWritten();
      const token = issuer.token();
      issuer.fault('reset', { on: 'all' });
      await using other = await start({ maxAgeMs: 1 });
      await reaches(other, 'STALE');
      expect(await statusOf(other, token)).toBe(200);
    });

    it('keeps the keys in memory when Redis, the issuer or both are killed, in any order', async () => {
      const lines: string[] = [];
      await using api = await start({ maxAgeMs: 100 }, lines);
      await reaches(api, 'FRESH');
      const token = issuer.token();
      await redis.kill();
      expect(await statusOf(api, token)).toBe(200);
      issuer.fault('reset', { on: 'all' });
      await reaches(api, 'STALE');
      expect(await statusOf(api, token)).toBe(200);
      await vi.waitFor(() => expect(lines.join('\n')).toContain('the key store cannot be used'), 10_000);
      await redis.restart();
      expect(await statusOf(api, token)).toBe(200);
      issuer.fault(undefined, { on: 'all' });
      await vi.waitFor(() => expect(lines.join('\n')).toContain('the key store can be used again'), 15_000);
      await isWritten();
      expect(await statusOf(api, token)).toBe(200);
      issuer.fault('reset', { on: 'all' });
      await redis.kill();
      await reaches(api, 'STALE');
      expect(await statusOf(api, token)).toBe(200);
      await redis.restart();
    }, 40_000);

    it('starts while Redis is down, without the store', async () => {
      await redis.kill();
      const lines: string[] = [];
      await using api = await start({}, lines);
      await reaches(api, 'FRESH');
      expect(await statusOf(api)).toBe(200);
      await vi.waitFor(() => expect(lines.join('\n')).toContain('the key store cannot be used'), 10_000);
      await redis.restart();
    });

    it('refuses a forged entry, and fetches from the issuer', async () => {
      await using one = await start({ storeSecret: 'a-secret-of-an-intruder-who-can-write' });
      await reaches(one, 'FRESH');
      await isWritten();
      const lines: string[] = [];
      await using other = await start({}, lines);
      await reaches(other, 'FRESH');
      expect(issuer.requests.jwks).toBe(2);
      expect(lines.join('\n')).toContain('(wrong_signature)');
      expect(await statusOf(other)).toBe(200);
    });

    it('rotates from an old secret to a new one, with processes of both at once', async () => {
      await using old = await start({ storeSecret: OLD_SECRET });
      await reaches(old, 'FRESH');
      await isWritten();
      await using both = await start({ storeSecret: [OLD_SECRET, SECRET] });
      await reaches(both, 'FRESH');
      await using next = await start({ storeSecret: [SECRET, OLD_SECRET] });
      await reaches(next, 'FRESH');
      expect(issuer.requests.jwks).toBe(1);
      expect([await statusOf(old), await statusOf(both), await statusOf(next)]).toEqual([200, 200, 200]);
    });

    it('shares the denial of a key with another process', async () => {
      await using one = await start();
      await using other = await start({ maxAgeMs: 300 });
      await Promise.all([reaches(one, 'FRESH'), reaches(other, 'FRESH')]);
      const token = issuer.token();
      expect(await statusOf(other, token)).toBe(200);
      expect(await one.app.get(KeyRings).deny(issuer.keys[0]?.kid ?? '')).toBe(true);
      await vi.waitFor(async () => expect(await statusOf(other, token)).toBe(401), 5_000);
    });

    it('shares a revocation with another process, and keeps it while Redis is down', async () => {
      await using one = await start();
      await using other = await start();
      await Promise.all([reaches(one, 'FRESH'), reaches(other, 'FRESH')]);
      const [token, good] = [issuer.token({ sid: 's' }), issuer.token({ sid: 't' })];
      expect([await statusOf(other, token), await statusOf(other, good)]).toEqual([200, 200]);
      expect(await one.app.get(Revocations).revokeSession(issuer.issuer, 's')).toBe(true);
      await vi.waitFor(async () => expect(await statusOf(other, token)).toBe(401), 10_000);
      await redis.kill();
      expect(await one.app.get(Revocations).revokeSession(issuer.issuer, 't')).toBe(false);
      expect([await statusOf(other, token), await statusOf(other, good)]).toEqual([401, 200]);
      await redis.restart();
      await vi.waitFor(async () => expect(await statusOf(other, good)).toBe(401), 15_000);
      await using third = await start();
      expect([await statusOf(third, token), await statusOf(third, good)]).toEqual([401, 401]);
    }, 40_000);
  },
);
