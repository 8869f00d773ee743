import { describe, expect, it } from 'vitest';
import { endingIterator, isAsyncIterable } from './ending-iterator.js';

/** A source whose values come when the test says so, and an end that comes when the test says so. */
function scene() {
  let resolveNext: ((result: IteratorResult<unknown>) => void) | undefined;
  let rejectNext: ((error: Error) => void) | undefined;
  const state = { returned: 0, timers: 0, end: () => {} };
  const source: AsyncIterableIterator<unknown> = {
    next: () =>
      new Promise((resolve, reject) => {
        resolveNext = resolve;
        rejectNext = reject;
      }),
    async return(value) {
      state.returned += 1;
      return { done: true, value };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const iterator = endingIterator(source, (run) => {
    state.timers += 1;
    state.end = run;
    return () => (state.timers -= 1);
  });
  return {
    iterator,
    state,
    emit: (value: unknown) => resolveNext?.({ done: false, value }),
    complete: () => resolveNext?.({ done: true, value: undefined }),
    fail: (error: Error) => rejectNext?.(error),
  };
}

const DONE = { done: true, value: undefined };

describe('an iterator that ends', () => {
  it('passes values on until the end, and returns its source then', async () => {
    const { iterator, state, emit } = scene();
    const first = iterator.next();
    emit('one');
    expect(await first).toEqual({ done: false, value: 'one' });
    const waiting = [iterator.next(), iterator.next()];
    state.end();
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    expect(await iterator.next()).toEqual(DONE);
    expect(state).toMatchObject({ returned: 1, timers: 0 });
  });

  it('sets no timer before it is read', () => {
    expect(scene().state.timers).toBe(0);
  });

  it.each<[string, (made: ReturnType<typeof scene>) => unknown]>([
    ['its source is complete', ({ complete }) => complete()],
    ['its source fails', ({ fail }) => fail(new Error('of the source'))],
    ['it is returned', ({ iterator }) => iterator.return?.()],
    ['it is thrown at', ({ iterator }) => iterator.throw?.(new Error('thrown')).catch(() => {})],
  ])('leaves no timer when %s', async (_, act) => {
    const made = scene();
    const next = made.iterator.next().catch((error: Error) => error.message);
    expect(made.state.timers).toBe(1);
    act(made);
    expect([DONE, 'of the source']).toContainEqual(await next);
    expect(made.state.timers).toBe(0);
    expect(await made.iterator.next()).toEqual(DONE);
  });

  it('ends a generator that waits, which is returned once it goes on', async () => {
    let goOn = () => {};
    let isFinished = false;
    async function* values() {
      try {
        yield 'one';
        await new Promise<void>((resolve) => (goOn = resolve));
        yield 'two';
      } finally {
        isFinished = true;
      }
    }
    let end = () => {};
    const iterator = endingIterator(values(), (run) => {
      end = run;
      return () => {};
    });
    expect(await iterator.next()).toEqual({ done: false, value: 'one' });
    const second = iterator.next();
    await Promise.resolve();
    end();
    expect(await second).toEqual(DONE);
    goOn();
    await expect.poll(() => isFinished).toBe(true);
  });
});

it('only what has an asynchronous iterator is an async iterable', () => {
  expect(['text', null, undefined, [1], { next: 1 }].map(isAsyncIterable)).toEqual(
    Array.from({ length: 5 }, () => false),
  );
});
