import { expect, it } from 'vitest';
import { SECOND } from '../../../test/support/constants.js';
import { REFRESH_AFTER, RingFixture } from '../../../test/support/ring-fixture.js';
import { RefreshLimit } from './refresh-limit.js';

it('a dynamic ring that finds the bound on refreshes full retries a second later, and serves what it has meanwhile', async () => {
  const refreshLimit = new RefreshLimit(1);
  const { ring, clock, source, ...fixture } = await RingFixture.started({ mayIdle: true, refreshLimit });
  refreshLimit.start();
  await clock.advance(REFRESH_AFTER);
  expect([source.fetches, ring.status.nextRefreshInMs]).toEqual([1, 1.5 * SECOND]);
  expect((await ring.lookUp('known', 'ES256')).length).toBe(1);
  await expect(ring.lookUp('made up', 'ES256')).rejects.toMatchObject({ code: 'keys_unavailable' });
  refreshLimit.end();
  await clock.advance(1.5 * SECOND);
  expect([source.fetches, fixture.events.length]).toEqual([2, 1]);
});
