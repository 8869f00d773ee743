import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, it } from 'vitest';
import { HOUR, ISSUER } from '../../test/support/constants.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { RingFixture, type RingChanges } from '../../test/support/ring-fixture.js';
import { KeyRings } from '../keys/key-rings.js';
import { resolveKeyOptions } from '../keys/key.options.js';
import { JwksHealthIndicator } from './jwks.health-indicator.js';

it('a dynamic issuer without keys counts for no readiness unless it is named, and nothing to be ready for is ready', async () => {
  await using issuer = await startTestIssuer();
  const clock = new ManualClock();
  const rings = new KeyRings([], resolveKeyOptions(), () => {}, { clock, random: () => 0.5 });
  const health = new JwksHealthIndicator(rings);
  const { jwks } = health.isReady();
  expect([jwks.status, Number.isFinite(jwks.secondsLeft)]).toEqual(['up', true]);
  const dead = rings.open({ issuer: 'https://dead.test', jwksUri: issuer.jwksUri });
  expect(health.isReady().jwks).toMatchObject({
    status: 'up',
    issuers: { [dead.issuer]: { status: 'down' } },
  });
  expect(health.isReady('jwks', { issuers: [dead.issuer] }).jwks.status).toBe('down');
  await dead.start();
  expect(health.isReady().jwks).toMatchObject({ status: 'up', secondsLeft: 87_000 });
  rings.close();
});

/** Readiness of an application with this ring alone. */
const readinessOf = ({ ring }: RingFixture, issuers: readonly string[] = []) => {
  const rings = { status: () => [ring.status], isListed: () => false };
  return new JwksHealthIndicator(rings as unknown as KeyRings).isReady('jwks', { issuers }).jwks.status;
};

/** A ring that was not used for two hours. */
const unusedRing = async (changes: RingChanges) => {
  const fake = await RingFixture.started(changes);
  await fake.clock.advance(2 * HOUR);
  return fake;
};

it('an idle dynamic issuer is up between two refreshes, and degraded once a fetch has failed', async () => {
  const fake = await unusedRing({ mayIdle: true });
  expect(fake.ring.status).toMatchObject({ isIdle: true, state: 'STALE' });
  expect(readinessOf(fake)).toBe('up');
  fake.source.failWith(500);
  await fake.ring.refresh();
  expect(readinessOf(fake)).toBe('degraded');
  await fake.clock.advance(25 * HOUR);
  expect(readinessOf(fake, [ISSUER])).toBe('down');
});

it('an issuer in use is degraded while its keys are STALE', async () => {
  const fake = await unusedRing({});
  expect(readinessOf(fake)).toBe('up');
  fake.source.failWith(500);
  await fake.clock.advance(HOUR);
  expect([fake.state, readinessOf(fake)]).toEqual(['STALE', 'degraded']);
});
