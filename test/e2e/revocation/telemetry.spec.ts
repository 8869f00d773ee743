import { METRICS, Revocations, SPANS } from 'nestjs-jwks-auth';
import {
  captureMetrics,
  captureSpans,
  startTestIssuer,
  type CapturedSpans,
  type TestIssuer,
} from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startGuardedApp, type GuardedApp } from '../../support/guarded-app.js';
import { violations } from '../../support/telemetry-schema.js';

let issuer: TestIssuer;
let spans: CapturedSpans;
beforeEach(async () => {
  issuer = await startTestIssuer();
  spans = await captureSpans();
});
afterEach(async () => {
  spans.stop();
  await issuer.close();
});

const start = (onLogout?: () => void): Promise<GuardedApp> =>
  startGuardedApp({
    issuer: issuer.issuer,
    audience: issuer.audience,
    backChannelLogout: {
      path: '/logout',
      clientIds: ['client-1'],
      ...(onLogout !== undefined && { onLogout }),
    },
  });
const post = async (api: GuardedApp, token: string) => {
  await fetch(`${api.url}/logout`, { method: 'POST', body: new URLSearchParams({ logout_token: token }) });
  return spans.named(SPANS.backChannelLogout).at(-1);
};

it('a logout token has a span with its outcome, and nothing of the token', async () => {
  await using api = await start();
  const accepted = await post(api, issuer.logoutToken({ sid: 'a-session', sub: 'a-user' }));
  expect(accepted?.attributes).toEqual({ 'jwt.result': 'accepted', 'jwt.issuer': issuer.issuer });
  const refused = await post(api, issuer.logoutToken({ sid: 'a-session', nonce: 'a-nonce' }));
  expect(refused?.attributes).toEqual({ 'jwt.result': 'rejected', 'oidc.logout.rejection.reason': 'nonce' });
  expect(spans.spans.flatMap(violations)).toEqual([]);
  expect(JSON.stringify(spans.spans.map(({ attributes }) => attributes))).not.toMatch(
    /a-session|a-user|a-nonce/,
  );
});

it('is an error where the application fails', async () => {
  await using api = await start(() => {
    throw new Error('secret');
  });
  const failed = await post(api, issuer.logoutToken());
  expect(failed?.attributes).toEqual({ 'jwt.result': 'error', 'error.type': 'logout_failed' });
});

it('revocations are counted by a gauge', async () => {
  const captured = await captureMetrics();
  await using api = await start();
  const entries = async () => (await captured.series(METRICS.revocationEntries)).map(({ value }) => value);
  expect(await entries()).toEqual([0]);
  await api.app.get(Revocations).revokeToken(issuer.issuer, 'a');
  await api.app.get(Revocations).revokeToken(issuer.issuer, 'a');
  await api.app.get(Revocations).revokeSession('https://other.test', 'a');
  expect(await entries()).toEqual([2]);
  captured.stop();
});
