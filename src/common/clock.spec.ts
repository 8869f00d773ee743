import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LONGEST_DELAY_MS, systemClock } from './clock.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a delay beyond the longest timer runs after the longest timer, not at once', () => {
  const run = vi.fn<() => void>();
  systemClock.after(2 ** 40, run);
  vi.advanceTimersByTime(LONGEST_DELAY_MS - 1);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledOnce();
});

it('a cancelled delay never runs', () => {
  const run = vi.fn<() => void>();
  systemClock.after(10, run)();
  vi.advanceTimersByTime(20);
  expect(run).not.toHaveBeenCalled();
});

it('a timer keeps the process alive on request only', () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  systemClock.after(10, () => {});
  systemClock.after(10, () => {}, true);
  expect(timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false, true]);
});

it('a timer runs outside the async context of the request that set it', async () => {
  vi.useRealTimers();
  const request = new AsyncLocalStorage<string>();
  const seen = await request.run('a request', () => {
    expect(request.getStore()).toBe('a request');
    return new Promise<string | undefined>((resolve) => {
      systemClock.after(0, () => resolve(request.getStore()));
    });
  });
  expect(seen).toBeUndefined();
});
