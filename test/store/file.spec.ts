import { Keyv } from 'keyv';
import { KeyvFile } from 'keyv-file';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyRings } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startGuardedApp, type GuardedApp } from '../support/guarded-app.js';

let folder: string;
let issuer: TestIssuer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keys-in-a-file-'));
  issuer = await startTestIssuer();
});
afterEach(async () => {
  await issuer.close();
  rmSync(folder, { recursive: true });
});

/** A process of this host after a restart: it has the folder and nothing else. */
const start = (): Promise<GuardedApp> => {
  const store = new Keyv({ store: new KeyvFile({ filename: folder, separatedFile: true }) });
  const keys = {
    store,
    storeSecret: 'a-secret-of-at-least-thirty-two-bytes',
    bootstrap: 'background',
  } as const;
  return startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience, keys });
};
const statusOf = async (api: GuardedApp) => (await api.get('/me', issuer.token())).status;
const fileOfKeys = () => readdirSync(folder).find((name) => name.includes('jwks_3a')) ?? '';
const runOnce = async () => {
  await using api = await start();
  expect(await statusOf(api)).toBe(200);
  await vi.waitFor(() => expect(readFileSync(join(folder, fileOfKeys()), 'utf8')).toContain('wallAt'));
};

it('a host restarts during an outage with the keys that it had', async () => {
  await runOnce();
  issuer.fault('reset', { on: 'all' });
  await using api = await start();
  expect(await statusOf(api)).toBe(200);
  expect(api.app.get(KeyRings).status()[0]?.state).toBe('FRESH');
});

it('a file that a crash truncated is ignored', async () => {
  await runOnce();
  vi.spyOn(console, 'error').mockImplementation(() => {});
  truncateSync(join(folder, fileOfKeys()), 100);
  await runOnce();
  expect(issuer.requests.jwks).toBe(2);
});

it('a file that was tampered with is ignored', async () => {
  await runOnce();
  const path = join(folder, fileOfKeys());
  const kid = issuer.keys[0]?.kid ?? '';
  writeFileSync(path, readFileSync(path, 'utf8').replace(kid, 'x'.repeat(kid.length)));
  await runOnce();
  expect(issuer.requests.jwks).toBe(2);
});
