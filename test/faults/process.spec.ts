import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KeyOptions } from 'nestjs-jwks-auth';
import { startTestIssuer, type Fault, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./guarded-process.mjs', import.meta.url));

interface Report {
  /** The most memory that the process has ever had, in KiB. */
  readonly peakRssKb: number;
  readonly states: readonly string[];
}

let issuer: TestIssuer;
let child: ChildProcess;
let url: string;
beforeEach(async () => {
  issuer = await startTestIssuer({ algorithm: 'ES256' });
});
afterEach(async () => {
  child.kill('SIGKILL');
  await issuer.close();
});

/** Starts a guarded API in a process of its own, from what `npm run build` has built. */
async function start(keys: KeyOptions): Promise<void> {
  const options = { issuer: issuer.issuer, audience: issuer.audience, verifiedTokens: false, keys };
  child = fork(main, [JSON.stringify(options)]);
  [{ url }] = (await once(child, 'message')) as [{ url: string }];
}

async function send(message: 'refresh' | 'report'): Promise<Report> {
  child.send(message);
  const [report] = (await once(child, 'message')) as [Report];
  return report;
}

async function statuses(count: number): Promise<ReadonlySet<number>> {
  const responses = Array.from({ length: count }, async () => {
    const response = await fetch(`${url}/me`, { headers: issuer.bearer() });
    await response.arrayBuffer();
    return response.status;
  });
  return new Set(await Promise.all(responses));
}

describe('the memory of a process whose issuer responds with too much', () => {
  const MEGABYTE_KB = 1_024;
  const load = async (message: 'refresh' | 'report') => {
    const [report, responded] = await Promise.all([send(message), statuses(40)]);
    expect(responded).toEqual(new Set([200]));
    return report.peakRssKb;
  };

  it.each(['huge', 'gzip-bomb'] as const satisfies Fault[])(
    'stays flat: under 20 MB more at its peak, with %j',
    async (fault) => {
      await start({ maxAgeMs: 1, staleIfErrorMs: 600_000 });
      // The same load and the same fetches without a fault, for what they need themselves.
      for (let round = 0; round < 20; round += 1) await load('refresh');
      const before = await load('report');
      issuer.requests.reset();
      issuer.fault(fault);
      let peak = before;
      for (let round = 0; round < 8; round += 1) peak = await load('refresh');
      expect(issuer.requests.jwks).toBeGreaterThanOrEqual(8);
      expect(await send('report')).toMatchObject({ states: ['STALE'] });
      expect(peak - before).toBeLessThan(20 * MEGABYTE_KB);
    },
  );
});

describe.skipIf(process.platform === 'win32')('a process that was frozen', () => {
  const MAX_AGE_MS = 200;

  /** The operating system freezes the process for longer than `maxAge`: no clock can be injected there. */
  async function freeze(): Promise<void> {
    child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2 * MAX_AGE_MS));
    child.kill('SIGCONT');
  }

  it('for longer than maxAge accepts the first request after', async () => {
    await start({ maxAgeMs: MAX_AGE_MS, staleIfErrorMs: 600_000 });
    issuer.fault('hang');
    await freeze();
    expect(await statuses(1)).toEqual(new Set([200]));
    expect((await send('report')).states).toEqual(['STALE']);
  });

  it('for longer than staleIfErrorMs too fetches again, and accepts it all the same', async () => {
    await start({ maxAgeMs: MAX_AGE_MS, staleIfErrorMs: 0 });
    await freeze();
    expect(await statuses(1)).toEqual(new Set([200]));
  });
});
