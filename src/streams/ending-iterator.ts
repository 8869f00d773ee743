/** Calls a function at the end; returns what cancels it. */
type AtEnd = (run: () => void) => () => void;
type Result = IteratorResult<unknown>;

const DONE: Result = { done: true, value: undefined };

export const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** The same values until the end: then whoever waits for one gets none, and the source is returned. */
export function endingIterator(source: AsyncIterable<unknown>, atEnd: AtEnd): AsyncIterableIterator<unknown> {
  const iterator = source[Symbol.asyncIterator]();
  const waiting = new Set<(result: Result) => void>();
  let cancel: (() => void) | undefined;
  let isEnded = false;

  const finish = (): void => {
    isEnded = true;
    cancel?.();
    for (const resolve of waiting) resolve(DONE);
    waiting.clear();
  };
  const end = (): void => {
    finish();
    // Not waited for: a generator returns only when the value has come that it waits for.
    iterator.return?.().then(undefined, () => {});
  };
  const pull = async (): Promise<Result> => {
    try {
      const result = await iterator.next();
      if (result.done === true) finish();
      return result;
    } catch (error) {
      finish();
      throw error;
    }
  };
  return {
    next(): Promise<Result> {
      if (isEnded) return Promise.resolve(DONE);
      cancel ??= atEnd(end);
      return new Promise((resolve, reject) => {
        waiting.add(resolve);
        pull()
          .then(resolve, reject)
          .finally(() => waiting.delete(resolve));
      });
    },
    async return(value?: unknown): Promise<Result> {
      finish();
      return (await iterator.return?.(value)) ?? { done: true, value };
    },
    async throw(error?: unknown): Promise<Result> {
      finish();
      if (iterator.throw === undefined) throw error;
      return iterator.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
