import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { DAY, MINUTE } from '../../../test/support/constants.js';
import { JwksFetchError } from '../../http/jwks-fetch.error.js';
import { KEY_OPTION_DEFAULTS } from '../key.options.js';
import { HttpJwksSource, type HttpJwksSourceOptions } from './http-source.js';
import type { JwksResponse } from './jwks-source.js';

let issuer: TestIssuer;
let clock: ManualClock;
beforeEach(async () => {
  issuer = await startTestIssuer({ cacheControl: 'max-age=900' });
  clock = new ManualClock();
});
afterEach(() => issuer.close());

const never = new AbortController().signal;

function source(changes: Partial<HttpJwksSourceOptions> = {}): HttpJwksSource {
  const { issuer: name } = issuer;
  const options = KEY_OPTION_DEFAULTS;
  return new HttpJwksSource({ ...options, clock, issuer: name, jwksUri: undefined, ...changes });
}

const codeOf = (response: Promise<unknown>): Promise<unknown> =>
  response.then(
    () => 'accepted',
    (error: unknown) => (error as JwksFetchError).code,
  );

/** What discovery responds with from now on. */
const publishMetadata = (metadata: object) =>
  issuer.fault({ body: JSON.stringify({ issuer: issuer.issuer, ...metadata }) }, { on: 'discovery' });

describe('discovery', () => {
  it('is made once, and repeated after a day', async () => {
    const one = source();
    for (let i = 0; i < 3; i += 1) await one.fetch(undefined, never);
    await clock.advance(DAY - 1);
    await one.fetch(undefined, never);
    expect(issuer.requests.discovery).toBe(1);
    await clock.advance(1);
    await one.fetch(undefined, never);
    expect(issuer.requests.discovery).toBe(2);
  });

  it('replaces an abandoned address that still responds', async () => {
    await using old = await startTestIssuer();
    publishMetadata({ jwks_uri: old.jwksUri });
    const one = source();
    expect((await one.fetch(undefined, never)).jwksUri).toBe(old.jwksUri);
    issuer.fault(undefined);
    await clock.advance(DAY);
    expect((await one.fetch(undefined, never)).jwksUri).toBe(issuer.jwksUri);
  });

  it('keeps the previous address when its repetition fails, and is retried after ten minutes', async () => {
    const one = source();
    await one.fetch(undefined, never);
    issuer.fault({ status: 500 }, { on: 'discovery' });
    await clock.advance(DAY);
    for (let i = 0; i < 2; i += 1) expect((await one.fetch(undefined, never)).status).toBe(200);
    expect(issuer.requests.discovery).toBe(2);
    await clock.advance(10 * MINUTE);
    await one.fetch(undefined, never);
    expect(issuer.requests.discovery).toBe(3);
  });

  it.each([200, 201, 200.3])(
    'that hangs for %d ms leaves time for a request to the previous address',
    async (timeoutMs) => {
      const one = source({ timeoutMs });
      await one.fetch(undefined, never);
      issuer.fault('hang', { on: 'discovery' });
      await clock.advance(DAY);
      expect((await one.fetch(undefined, never)).status).toBe(200);
    },
  );

  it.each([404, 410])('is repeated at once after %d, and the new address is fetched from', async (status) => {
    await using old = await startTestIssuer();
    publishMetadata({ jwks_uri: old.jwksUri });
    const one = source();
    const accepted = await one.fetch(undefined, never);
    old.fault({ status });
    issuer.fault(undefined);
    const response = await one.fetch(accepted, never);
    expect([response.status, response.jwksUri]).toEqual([200, issuer.jwksUri]);
    expect(issuer.requests.log.at(-1)?.headers).not.toHaveProperty('if-none-match');
  });

  it('that names the same address after 404 leaves the failure as it is', async () => {
    const one = source();
    await one.fetch(undefined, never);
    issuer.fault({ status: 404 });
    await expect(one.fetch(undefined, never)).rejects.toMatchObject({ code: 'http_status', status: 404 });
  });

  it('is skipped when the options name a jwksUri', async () => {
    const one = source({ jwksUri: issuer.jwksUri });
    await one.fetch(undefined, never);
    issuer.fault({ status: 404 });
    expect(await codeOf(one.fetch(undefined, never))).toBe('http_status');
    expect(issuer.requests.discovery).toBe(0);
  });

  it.each([
    ['another issuer', { issuer: 'https://other.test' }, 'discovery_mismatch'],
    ['a template for one', { issuer: 'https://login.test/{tenantid}/v2.0' }, 'discovery_mismatch'],
    ['no jwks_uri', {}, 'discovery_invalid'],
    ['an insecure jwks_uri', { jwks_uri: 'http://issuer.test/jwks' }, 'insecure_url'],
    ['a jwks_uri with credentials', { jwks_uri: 'https://me:secret@issuer.test/jwks' }, 'discovery_invalid'],
    ['a jwks_uri with a line break', { jwks_uri: 'https://issuer.test/jwks\nforged' }, 'discovery_invalid'],
    ['the address of a metadata service', { jwks_uri: 'https://169.254.169.254/jwks' }, 'forbidden_address'],
  ])('is refused when it names %s', async (_, metadata, code) => {
    publishMetadata(metadata);
    expect(await codeOf(source().fetch(undefined, never))).toBe(code);
    issuer.fault(undefined);
    expect(await codeOf(source().fetch(undefined, never))).toBe('accepted');
  });
});

describe('a conditional request', () => {
  it('gets 304, with the keys and the validators of the previous response', async () => {
    const one = source();
    const accepted = await one.fetch(undefined, never);
    const confirmed = await one.fetch(accepted, never);
    expect(confirmed.status).toBe(304);
    expect(confirmed.keys).toEqual(accepted.keys);
    expect(confirmed.headers).toMatchObject({ etag: accepted.headers.etag, 'cache-control': 'max-age=900' });
    const { 'if-none-match': tag, 'if-modified-since': since } = issuer.requests.log.at(-1)?.headers ?? {};
    expect([tag, since]).toEqual([accepted.headers.etag, accepted.headers['last-modified']]);
  });

  it('gets 200 when the keys have changed', async () => {
    const one = source();
    const accepted = await one.fetch(undefined, never);
    await issuer.rotate();
    const response = await one.fetch(accepted, never);
    expect([response.status, response.keys.length]).toEqual([200, 2]);
  });

  it('keeps the freshness headers that a 304 leaves out, but not the age', async () => {
    const accepted: JwksResponse = {
      status: 200,
      headers: {
        etag: '"1"',
        'cache-control': 'max-age=900',
        age: '300',
        date: 'Mon, 01 Jan 2029 00:00:00 GMT',
      },
      keys: [],
      jwksUri: issuer.jwksUri,
    };
    issuer.fault({ status: 304, headers: { etag: '"1"' } });
    const { headers } = await source().fetch(accepted, never);
    expect(headers).toMatchObject({ etag: '"1"', 'cache-control': 'max-age=900' });
    expect(headers).not.toHaveProperty('age');
    expect(headers.date).not.toBe(accepted.headers.date);
  });

  it('fails with an unexpected 304', async () => {
    issuer.fault({ status: 304 });
    const one = source();
    expect(await codeOf(one.fetch(undefined, never))).toBe('http_status');
    const bare: JwksResponse = { status: 200, headers: {}, keys: [], jwksUri: issuer.jwksUri };
    expect(await codeOf(one.fetch(bare, never))).toBe('http_status');
  });
});

describe('the signal', () => {
  it('cancels a request in either step, with its own reason', async () => {
    for (const target of ['discovery', 'jwks'] as const) {
      issuer.fault('hang', { on: target });
      const [controller, reason] = [new AbortController(), new JwksFetchError('timeout')];
      const response = source().fetch(undefined, controller.signal);
      await vi.waitFor(() => expect(issuer.requests[target]).toBe(1));
      controller.abort(reason);
      await expect(response).rejects.toBe(reason);
      issuer.fault(undefined);
      issuer.requests.reset();
    }
  });
});
