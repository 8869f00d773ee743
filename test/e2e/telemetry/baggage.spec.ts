import { context, propagation } from '@opentelemetry/api';
import { AccessTokenVerifier } from 'nestjs-jwks-auth';
import { captureSpans, startTestIssuer } from 'nestjs-jwks-auth/testing';
import { Agent, type ClientRequestArgs } from 'node:http';
import { expect, it } from 'vitest';
import { startGuardedApp } from '../../support/guarded-app.js';

/** Records the baggage that an HTTP client would send. */
class WatchingAgent extends Agent {
  readonly seen: (string | undefined)[] = [];

  override createConnection(options: ClientRequestArgs, callback?: never) {
    this.seen.push(propagation.getActiveBaggage()?.getEntry('user.id')?.value);
    return super.createConnection(options, callback);
  }
}

it('sends no baggage to the issuer, user ids included', async () => {
  const spans = await captureSpans();
  await using issuer = await startTestIssuer();
  const requestAgent = new WatchingAgent();
  const keys = { requestAgent };
  await using api = await startGuardedApp({ issuer: issuer.issuer, audience: issuer.audience, keys });
  await issuer.rotate();
  const baggage = propagation.createBaggage({ 'user.id': { value: 'somebody' } });
  const verified = await context.with(propagation.setBaggage(context.active(), baggage), async () => {
    expect(propagation.getActiveBaggage()?.getEntry('user.id')?.value).toBe('somebody');
    return api.app.get(AccessTokenVerifier).verify(issuer.token());
  });
  expect(verified.claims.sub).toBe('user-1');
  expect(spans.named('jwks.fetch')).toHaveLength(2);
  expect(requestAgent.seen.length).toBeGreaterThanOrEqual(3);
  expect(new Set(requestAgent.seen)).toEqual(new Set([undefined]));
  spans.stop();
});
