import { KeyRings } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';

const verifiedTokens = false;

describe('while the issuer fails', () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startTestIssuer();
  });
  afterEach(() => issuer.close());
  const start = (keys: object) =>
    startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience, keys, verifiedTokens });
  const stateOf = (api: GuardedApp) => api.app.get(KeyRings).status()[0]?.state;
  const reaches = (api: GuardedApp, state: string) =>
    vi.waitFor(() => expect(stateOf(api)).toBe(state), { interval: 5, timeout: 5_000 });
  const statuses = async (api: GuardedApp, tokens: string[]) =>
    Promise.all(tokens.map(async (token) => (await api.get('/me', token)).status));

  it('delays none of 300 concurrent requests while maxAge passes and the issuer does not respond', async () => {
    await using api = await start({ maxAgeMs: 100, staleIfErrorMs: 60_000, timeoutMs: 60_000 });
    issuer.fault('hang');
    await reaches(api, 'STALE');
    // The refresh in flight never ends: a request that waited for it would never end either.
    const responses = await statuses(
      api,
      Array.from({ length: 300 }, () => issuer.token()),
    );
    expect(responses).toEqual(responses.map(() => 200));
    expect(stateOf(api)).toBe('STALE');
  });

  it('accepts every valid token while the issuer is down for longer than maxAge', async () => {
    // One permit every 10 ms: a response older than that proves no unknown kid absent.
    await using api = await start({ maxAgeMs: 50, staleIfErrorMs: 60_000, jwksRequestsPerMinute: 6_000 });
    issuer.fault({ status: 500 }, { on: 'all' });
    await reaches(api, 'STALE');
    expect(await statuses(api, [issuer.token(), issuer.token()])).toEqual([200, 200]);
    const { 'unknown kid': unknownKid = '' } = issuer.badTokens();
    expect(await statuses(api, [unknownKid, issuer.token({ exp: 1 })])).toEqual([503, 401]);
  });

  it('responds with 503, never 401, to valid tokens beyond staleIfErrorMs, and recovers by itself', async () => {
    await using api = await start({ maxAgeMs: 50, staleIfErrorMs: 50 });
    issuer.fault({ status: 500 }, { on: 'all' });
    await reaches(api, 'EXPIRED');
    const tokens = Array.from({ length: 50 }, () => issuer.token());
    expect(new Set(await statuses(api, tokens))).toEqual(new Set([503]));
    expect(await statuses(api, [issuer.token({ exp: 1 })])).toEqual([401]);
    issuer.fault(undefined);
    issuer.fault(undefined, { on: 'all' });
    await vi.waitFor(async () => expect(await statuses(api, [issuer.token()])).toEqual([200]), {
      timeout: 10_000,
    });
  });

  it('does not accept a cached token beyond staleIfErrorMs either', async () => {
    const keys = { maxAgeMs: 50, staleIfErrorMs: 50 };
    await using api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience, keys });
    const token = issuer.token();
    expect(await statuses(api, [token])).toEqual([200]);
    issuer.fault({ status: 500 }, { on: 'all' });
    await reaches(api, 'EXPIRED');
    expect(await statuses(api, [token])).toEqual([503]);
  });

  it('accepts the first token under a new key', async () => {
    await using api = await start({});
    expect(await statuses(api, [issuer.token()])).toEqual([200]);
    await issuer.rotate();
    expect(await statuses(api, [issuer.token(), issuer.token()])).toEqual([200, 200]);
    expect(issuer.requests.jwks).toBe(2);
  });

  it('refuses the tokens of a withdrawn key, cached ones too', async () => {
    await using api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience });
    const old = issuer.token();
    expect(await statuses(api, [old])).toEqual([200]);
    await issuer.rotate({ keepOld: false });
    expect(await statuses(api, [issuer.token()])).toEqual([200]);
    expect(await statuses(api, [old])).toEqual([401]);
  });

  it('causes no fetch for a bad signature under a known key', async () => {
    await using api = await start({});
    const forged = Array.from({ length: 20 }, () => issuer.badTokens()['wrong key']);
    expect(new Set(await statuses(api, forged))).toEqual(new Set([401]));
    expect(await statuses(api, [issuer.token()])).toEqual([200]);
    expect(issuer.requests.jwks).toBe(1);
  });

  it('denies a key at once, and for good', async () => {
    await using api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience });
    const old = issuer.token();
    expect(await statuses(api, [old])).toEqual([200]);
    const rings = api.app.get(KeyRings);
    rings.deny(issuer.keys[0]?.kid ?? '');
    expect(await statuses(api, [old])).toEqual([401]);
    await rings.refresh();
    await issuer.rotate();
    expect(await statuses(api, [old, issuer.token()])).toEqual([401, 200]);
  });

  it('fails to start without keys when they are required, and names the issuer', async () => {
    issuer.fault({ status: 500 }, { on: 'all' });
    const { port } = new URL(issuer.issuer);
    await expect(start({ bootstrap: 'require' })).rejects.toThrow(
      new RegExp(`'require'.*127\\.0\\.0\\.1:${port}.*answered 500`),
    );
    issuer.fault(undefined, { on: 'all' });
    await using api = await start({ bootstrap: 'require' });
    expect(await statuses(api, [issuer.token()])).toEqual([200]);
  }, 15_000);

  it('reports at start that discovery names another issuer', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const wrong = issuer.issuer.replace('127.0.0.1', 'localhost');
    const keys = { bootstrap: 'background' } as const;
    await using api = await startGuardedApp(
      { issuer: wrong, audience: 'x', keys },
      { logger: { log, warn: log, error: log } },
    );
    await vi.waitFor(() =>
      expect(lines.join('\n')).toContain(`the discovery document of ${wrong} names another issuer`),
    );
    expect((await api.get('/me', issuer.token({ iss: wrong, aud: 'x' }))).status).toBe(503);
  });
});
