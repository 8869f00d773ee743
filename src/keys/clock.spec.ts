import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import { systemClock } from './clock.js';

it('runs timers outside of the request that set them, so that none is kept alive or gone on in', async () => {
  const request = new AsyncLocalStorage<string>();
  const seen = await request.run('a request', () => {
    expect(request.getStore()).toBe('a request');
    return new Promise<string | undefined>((resolve) => {
      systemClock.after(0, () => resolve(request.getStore()));
    });
  });
  expect(seen).toBeUndefined();
});
