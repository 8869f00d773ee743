import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTestIssuer, type TestIssuer } from './test-issuer.js';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await startTestIssuer({ algorithm: 'ES256' });
});
afterEach(() => issuer.close());

/** The status of the key set and of the discovery document. */
const statuses = () =>
  Promise.all(
    [issuer.jwksUri, `${issuer.issuer}/.well-known/openid-configuration`].map(
      async (url) => (await fetch(url)).status,
    ),
  );

it('a fault is on the key set unless something else is said', async () => {
  issuer.fault({ status: 500 });
  expect(await statuses()).toEqual([500, 200]);
});

it('a fault may be on discovery, or on both, and the last one counts', async () => {
  issuer.fault({ status: 500 }, { on: 'discovery' });
  expect(await statuses()).toEqual([200, 500]);
  issuer.fault({ status: 503 }, { on: 'all' });
  expect(await statuses()).toEqual([503, 503]);
  issuer.fault({ status: 404 });
  expect(await statuses()).toEqual([404, 503]);
});

it('a fault may end for one of them, and ends for both when nothing is said', async () => {
  issuer.fault({ status: 500 }, { on: 'all' });
  issuer.fault(undefined, { on: 'jwks' });
  expect(await statuses()).toEqual([200, 500]);
  issuer.fault({ status: 500 });
  issuer.fault(undefined);
  expect(await statuses()).toEqual([200, 200]);
});

it('a fault may last for some requests, counted for each target', async () => {
  issuer.fault({ status: 500 }, { on: 'all', times: 2 });
  expect([await statuses(), await statuses(), await statuses()]).toEqual([
    [500, 500],
    [500, 500],
    [200, 200],
  ]);
});
