import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { endAt } from './stream-end.js';

class Stream extends EventEmitter {
  destroyed = false;
  destroy(): this {
    this.destroyed = true;
    this.emit('close');
    return this;
  }
}

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

it('a stream ends at the time, and not before', () => {
  const stream = new Stream();
  endAt(stream, 1_060_000);
  vi.advanceTimersByTime(59_999);
  expect(stream.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(stream.destroyed).toBe(true);
});

it('a time beyond the longest timer is waited for', () => {
  const stream = new Stream();
  const days30 = 30 * 24 * 3_600_000;
  endAt(stream, 1_000_000 + days30);
  vi.advanceTimersByTime(days30 - 1);
  expect(stream.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(stream.destroyed).toBe(true);
});

it('a stream that has closed leaves no timer, and several guards set one', () => {
  const stream = new Stream();
  endAt(stream, 1_060_000);
  endAt(stream, 1_060_000);
  expect(vi.getTimerCount()).toBe(1);
  stream.emit('close');
  expect(vi.getTimerCount()).toBe(0);
});
