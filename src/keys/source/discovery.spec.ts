import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpServer } from '../../../test/support/http-server.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { KEY_OPTION_DEFAULTS } from '../key.options.js';
import { discoverJwksUri } from './discovery.js';

const JWKS_URI = 'http://127.0.0.1/jwks';
const OPENID = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';

let server: HttpServer;
beforeEach(async () => {
  server = await HttpServer.start((_request, response) => void response.writeHead(404).end());
});
afterEach(() => server[Symbol.asyncDispose]());

const discover = (issuer: string) => {
  const options = { ...KEY_OPTION_DEFAULTS, headerOrigins: [], clock: new ManualClock() };
  return discoverJwksUri(issuer, options, new AbortController().signal);
};
const paths = () => server.requests.map(({ url }) => url);

describe('discovery', () => {
  it.each([
    [`/tenant${OPENID}`, 1],
    [`${OAUTH}/tenant`, 2],
    [`${OPENID}/tenant`, 3],
    [`/tenant${OAUTH}`, 4],
  ])('finds the metadata at %s', async (path, requests) => {
    const issuer = `${server.url}tenant`;
    server.respond = ({ url }, response) => {
      if (url === path) response.end(JSON.stringify({ issuer, jwks_uri: JWKS_URI }));
      else response.writeHead(404).end();
    };
    expect(await discover(issuer)).toBe(JWKS_URI);
    expect(server.requests).toHaveLength(requests);
  });

  it.each([
    ['an HTML page', 200, '<html></html>'],
    ['a redirect', 302, ''],
    ['JSON that is no metadata', 200, '{"error":"not found"}'],
    ['a client error', 400, ''],
  ])('goes on after %s', async (_, status, body) => {
    const issuer = `${server.url}tenant`;
    server.respond = ({ url }, response) => {
      if (url === `${OAUTH}/tenant`) response.end(JSON.stringify({ issuer, jwks_uri: JWKS_URI }));
      else response.writeHead(status, { location: '/login' }).end(body);
    };
    expect(await discover(issuer)).toBe(JWKS_URI);
  });

  it.each([500, 429, 503])('ends with the first address on %d, which the message names', async (status) => {
    server.respond = (_request, response) => void response.writeHead(status).end();
    const address = `${server.url}tenant${OPENID}`;
    await expect(discover(`${server.url}tenant`)).rejects.toMatchObject({
      status,
      message: `${address}: answered ${status}`,
    });
    expect(paths()).toEqual([`/tenant${OPENID}`]);
  });

  it('fails as the first address did when none has a document', async () => {
    await expect(discover(`${server.url}tenant`)).rejects.toMatchObject({
      status: 404,
      message: `${server.url}tenant${OPENID}: answered 404`,
    });
    expect(server.requests).toHaveLength(4);
  });
});

describe('a jwks_uri', () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startTestIssuer();
  });
  afterEach(() => issuer.close());

  it('on loopback is for an issuer on loopback', async () => {
    expect(await discover(issuer.issuer)).toBe(issuer.jwksUri);
  });
});
