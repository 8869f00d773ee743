import { expect, it } from 'vitest';
import { SECOND } from '../../test/support/constants.js';
import { REFRESH_AFTER, RingFixture } from '../../test/support/ring-fixture.js';
import { FlightLimit } from '../common/flight-limit.js';

it('a dynamic ring that finds the bound on flights full retries a second later, and serves what it has meanwhile', async () => {
  const flights = new FlightLimit(1);
  const { ring, clock, source, ...fixture } = await RingFixture.started({ mayIdle: true, flights });
  flights.start();
  await clock.advance(REFRESH_AFTER);
  expect([source.fetches, ring.status.nextRefreshInMs]).toEqual([1, 1.5 * SECOND]);
  expect((await ring.lookUp('known', 'ES256')).length).toBe(1);
  await expect(ring.lookUp('made up', 'ES256')).rejects.toMatchObject({ code: 'keys_unavailable' });
  flights.end();
  await clock.advance(1.5 * SECOND);
  expect([source.fetches, fixture.events.length]).toEqual([2, 1]);
});
