import { startTestIssuer } from 'nestjs-jwks-auth/testing';
import { expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
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
