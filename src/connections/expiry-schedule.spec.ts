import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import { ExpirySchedule } from './expiry-schedule.js';

const HOUR_MS = 3_600_000;

function scene() {
  const clock = new ManualClock();
  const schedule = new ExpirySchedule(clock);
  const ran: string[] = [];
  const add = (name: string, inMs: number) => schedule.add(clock.wallNow() + inMs, () => ran.push(name));
  return { clock, schedule, ran, add };
}

describe('an expiry schedule', () => {
  it('runs each entry when its time has come, in the order of time, with one timer', async () => {
    const { clock, ran, add } = scene();
    for (const [name, at] of [
      ['c', 3],
      ['a', 1],
      ['e', 5],
      ['b', 2],
      ['d', 4],
    ] as const)
      add(name, at * 1_000);
    expect(clock.pending).toBe(1);
    await clock.advance(999);
    expect(ran).toEqual([]);
    await clock.advance(1);
    expect(ran).toEqual(['a']);
    await clock.advance(10_000);
    expect(ran).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(clock.pending).toBe(0);
  });

  it('waits for a time that no timer can wait for', async () => {
    const { clock, ran, add } = scene();
    add('in 30 days', 30 * 24 * HOUR_MS);
    await clock.advance(30 * 24 * HOUR_MS - 1);
    expect(ran).toEqual([]);
    await clock.advance(1);
    expect(ran).toEqual(['in 30 days']);
  });

  it('notices within a minute that the wall clock was set forward', async () => {
    const { clock, ran, add } = scene();
    add('in an hour', HOUR_MS);
    clock.moveWallClock(HOUR_MS);
    await clock.advance(60_000);
    expect(ran).toEqual(['in an hour']);
  });

  it('runs what is due already', async () => {
    const { clock, ran, add } = scene();
    add('past', -1_000);
    await clock.advance(0);
    expect(ran).toEqual(['past']);
  });

  it('keeps neither an entry nor a timer of what was taken back', async () => {
    const { clock, schedule, ran, add } = scene();
    const kept = [...Array(100).keys()].map((i) => ({ i, takeBack: add(`${i}`, ((i * 37) % 100) * 1_000) }));
    for (const { i, takeBack } of kept) if (i % 3 !== 0) takeBack();
    expect(schedule.size).toBe(34);
    await clock.advance(100_000);
    const expected = kept
      .filter(({ i }) => i % 3 === 0)
      .toSorted((a, b) => ((a.i * 37) % 100) - ((b.i * 37) % 100));
    expect(ran).toEqual(expected.map(({ i }) => `${i}`));
    for (let i = 0; i < 100_000; i += 1) add('gone', HOUR_MS + i)();
    expect(schedule.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
