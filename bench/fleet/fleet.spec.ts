import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { constantRetry, fixedTtl } from './plain-pods.js';
import type { Policy } from './pod.js';
import { toTable } from './report.js';
import { keyRing, keyRingWithStore } from './ring-pod.js';
import {
  flood,
  jointRestart,
  jointStart,
  live,
  LIVES,
  outage,
  startInOutage,
  steadyState,
  type Outcome,
  type Scenario,
} from './scenarios.js';

/** The number of pods for peaks; the cost of each pod shows with fewer. */
const FLEET = 1_000;
const FEW = 50;
const DOCUMENT = new URL('../../docs/evidence/fleet.md', import.meta.url);

/** What the last of these hours costs. */
async function costOf(pods: number, policy: Policy, ...hours: Scenario[]): Promise<Outcome> {
  const outcomes = await live({ policy, pods, requestsPerSecond: 1 / pods }, hours);
  return outcomes.at(-1) as Outcome;
}

/** Scenario and policy of each row. */
const namesIn = (table: string): string[][] =>
  [...table.matchAll(/^\|(?! *-)([^|]*)\|([^|]*)\|/gm)].map(([, ...cells]) =>
    cells.map((cell) => cell.trim()),
  );

describe('key rings', { timeout: 120_000 }, () => {
  it('fetch less than 20 times a second, 1,000 of them together, in steady state', async () => {
    const { peakPerSecond, fetchesInHour } = await costOf(FLEET, keyRing, jointStart, steadyState);
    expect(peakPerSecond).toBeLessThan(20);
    expect(fetchesInHour).toBeGreaterThan(FLEET);
  });

  it('fetch less than 25 times each in an outage of ten minutes, and refuse no request', async () => {
    const { fetchesInEvent, served } = await costOf(FEW, keyRing, jointStart, steadyState, outage);
    expect(fetchesInEvent / FEW).toBeLessThan(25);
    expect(served.requests).toBeGreaterThan(0);
    expect([served.refused, served.waited]).toEqual([0, 0]);
  });

  it('fetch less than 70 times each in an outage of ten minutes that they start in', async () => {
    const { fetchesInEvent, served } = await costOf(FEW, keyRing, startInOutage);
    expect(fetchesInEvent / FEW).toBeLessThan(70);
    expect(served.refused).toBe(served.requests);
  });

  it('fetch 9 times each in the first minute of a flood of made-up key ids, and about once a minute later', async () => {
    const { fetchesInEvent, served } = await costOf(FEW, keyRing, jointStart, flood);
    expect(fetchesInEvent / FEW).toBeLessThan(9 + 9 + 2);
    expect([served.refused, served.waited]).toEqual([0, 0]);
  });
});

describe('1,000 key rings with a store', { timeout: 120_000 }, () => {
  it('fetch at most 5 times in ten minutes, all together, in steady state', async () => {
    const { fetchesInHour, peakPerSecond } = await costOf(FLEET, keyRingWithStore, jointStart, steadyState);
    expect(fetchesInHour / 6).toBeLessThanOrEqual(5);
    expect(peakPerSecond).toBeLessThan(2);
  });

  it('fetch no more in an outage of ten minutes, all together, than one of them would', async () => {
    const { fetchesInEvent, served } = await costOf(FLEET, keyRingWithStore, jointStart, steadyState, outage);
    expect(fetchesInEvent).toBeLessThan(25);
    expect(served.refused).toBe(0);
  });

  it('fetch next to nothing when all of them start again', async () => {
    const { fetchesInEvent, served } = await costOf(FLEET, keyRingWithStore, jointStart, jointRestart);
    expect(fetchesInEvent).toBeLessThanOrEqual(5);
    expect(served.refused).toBe(0);
  });
});

describe('the simulation', { timeout: 120_000 }, () => {
  const policies = [keyRing, keyRingWithStore, fixedTtl, constantRetry];
  const run = async () => {
    const results = [];
    for (const policy of policies) {
      for (const hours of LIVES) {
        const outcomes = await live({ policy, pods: 3, requestsPerSecond: 0.2 }, hours);
        results.push(...outcomes.map((outcome) => ({ ...outcome, policy: policy.name })));
      }
    }
    return toTable(results);
  };

  it('has the same result each time, with the rows that docs/evidence/fleet.md shows', async () => {
    const table = await run();
    expect(await run()).toBe(table);
    const [, shown = ''] = readFileSync(DOCUMENT, 'utf8').split(/<!-- \/?bench:fleet -->/);
    expect(namesIn(table)).toEqual(namesIn(shown));
  });
});
