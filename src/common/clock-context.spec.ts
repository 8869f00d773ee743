import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, expect, it, vi } from 'vitest';
import { OpenHandles } from '../../test/support/open-handles.js';
import type * as ClockModule from './clock.js';

afterEach(() => vi.resetModules());

/** A copy that nothing has imported before. */
function importFreshCopy(): Promise<typeof ClockModule> {
  vi.resetModules();
  return import('./clock.js');
}

it('a timer runs outside of every request, also of the one that imported the library', async () => {
  const requests = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<number>()] as const;
  const seen = await requests[0].run('a request', () =>
    requests[1].run(1, async () => {
      const { systemClock } = await importFreshCopy();
      expect(requests.map((one) => one.getStore())).toEqual(['a request', 1]);
      return new Promise<unknown[]>((resolve) => {
        systemClock.after(0, () => {
          // A timer that the first one sets is as free of it.
          systemClock.after(0, () => resolve(requests.map((one) => one.getStore())));
        });
      });
    }),
  );
  expect(seen).toEqual([undefined, undefined]);
});

it('the context of whoever set a timer stays as it was', () => {
  const request = new AsyncLocalStorage<string>();
  return request.run('a request', async () => {
    const { systemClock } = await importFreshCopy();
    systemClock.after(0, () => {})();
    expect(request.getStore()).toBe('a request');
  });
});

it('neither the import nor a timer is an open handle, as Jest counts them', async () => {
  using handles = OpenHandles.watch();
  const { systemClock } = await importFreshCopy();
  expect(handles.all).toEqual([]);
  const cancel = systemClock.after(60_000, () => {});
  expect([handles.all, handles.active]).toEqual([['Timeout'], []]);
  const cancelOther = systemClock.after(60_000, () => {}, true);
  expect(handles.active).toEqual(['Timeout']);
  cancel();
  cancelOther();
  await new Promise(setImmediate);
  expect(handles.all).toEqual([]);
});
