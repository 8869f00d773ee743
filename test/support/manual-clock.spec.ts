import { expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';

it('runs timers in the order of their moments, then of their setting, and no cancelled one', async () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  const record = (name: string) => () => void seen.push(`${name} at ${clock.now()}`);
  for (const delayMs of [30, 10, 20, 10, 40]) clock.after(delayMs, record(String(delayMs)));
  clock.after(15, record('cancelled'))();
  await clock.goTo(30);
  expect(seen).toEqual(['10 at 10', '10 at 10', '20 at 20', '30 at 30']);
});

it('lets everything settle that a timer leads to before the next one runs', async () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  clock.after(1, async () => {
    for (let tick = 0; tick < 100; tick += 1) await undefined;
    seen.push(`settled at ${clock.now()}`);
    clock.after(1, () => seen.push(`set meanwhile, at ${clock.now()}`));
  });
  clock.after(3, () => seen.push(`next at ${clock.now()}`));
  await clock.goTo(5);
  expect(seen).toEqual(['settled at 1', 'set meanwhile, at 2', 'next at 3']);
  expect([clock.now(), clock.wallNow() % 1_000]).toEqual([5, 5]);
});

it('keeps a thousand timers in order', async () => {
  const clock = new ManualClock();
  const seen: number[] = [];
  const delays = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 1_009);
  for (const delayMs of delays) clock.after(delayMs, () => seen.push(delayMs));
  await clock.goTo(1_009);
  expect(seen).toEqual(delays.toSorted((a, b) => a - b));
});
