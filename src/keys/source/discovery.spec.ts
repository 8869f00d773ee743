import dns from 'node:dns';
import { once } from 'node:events';
import https, { type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createTestCertificate, startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HttpServer } from '../../../test/support/http-server.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { createKeyRing } from '../create-key-ring.js';
import { KEY_OPTION_DEFAULTS } from '../key.options.js';
import { discoverJwksUri } from './discovery.js';
import { HttpJwksSource } from './http-source.js';

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
    ['a page that is longer than a document may be', 200, '<html>'.padEnd(2_000_000)],
    ['no content', 204, ''],
    ['a document of this issuer without a jwks_uri', 200, 'DOCUMENT'],
  ])('goes on after %s', async (_, status, body) => {
    const issuer = `${server.url}tenant`;
    server.respond = ({ url }, response) => {
      if (url === `${OAUTH}/tenant`) response.end(JSON.stringify({ issuer, jwks_uri: JWKS_URI }));
      else {
        const text = body === 'DOCUMENT' ? JSON.stringify({ issuer }) : body;
        response.writeHead(status, { location: '/login' }).end(text);
      }
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

it('a document tells more than a place without one', async () => {
  const issuer = `${server.url}tenant`;
  server.respond = ({ url }, response) => {
    if (url === `/tenant${OAUTH}`) response.end(JSON.stringify({ issuer }));
    else response.writeHead(404).end();
  };
  await expect(discover(issuer)).rejects.toMatchObject({
    code: 'discovery_invalid',
    message: `${issuer}${OAUTH}: the discovery document of ${issuer} has no jwks_uri`,
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

describe('an https issuer that is not on loopback', () => {
  const NAME = 'https://issuer.test';
  const tls = createTestCertificate();
  let secure: Server;
  let secured: (string | undefined)[];
  let jwksUri: string;
  /** Every name is this server, whose certificate is for 127.0.0.1. */
  const requestAgent = new https.Agent({ ca: tls.cert, checkServerIdentity: () => undefined });

  beforeEach(async () => {
    secured = [];
    secure = https.createServer(tls, ({ url }, response) => {
      secured.push(url);
      response.end(JSON.stringify({ issuer: issuerName(), jwks_uri: jwksUri, keys: [{}] }));
    });
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, _options: object, callback: Function) => {
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    }) as never);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    secure.closeAllConnections();
    secure.close();
  });
  const portOf = () => (secure.address() as AddressInfo).port;
  const issuerName = () => `${NAME}:${portOf()}`;
  const fetchKeys = (changes: object = {}) => {
    const clock = new ManualClock();
    const options = { ...KEY_OPTION_DEFAULTS, clock, issuer: issuerName(), jwksUri: undefined, requestAgent };
    return new HttpJwksSource({ ...options, ...changes }).fetch(undefined, new AbortController().signal);
  };

  it.each([
    ['http', 'http://keys.test/jwks', 'insecure_url'],
    ['http on loopback', 'http://127.0.0.1:PORT/jwks', 'insecure_url'],
    ['loopback', 'https://127.0.0.1:PORT/jwks', 'insecure_url'],
    ['any form of loopback', 'https://[::ffff:127.0.0.1]:PORT/jwks', 'insecure_url'],
    ['all interfaces', 'https://0.0.0.0:PORT/jwks', 'insecure_url'],
    ['a name of loopback', 'https://localhost.:PORT/jwks', 'insecure_url'],
    ['a name that resolves to loopback', 'https://keys.test:PORT/jwks', 'forbidden_address'],
  ])('may not name a jwks_uri on %s', async (_, address, code) => {
    jwksUri = address.replace('PORT', String(portOf()));
    await expect(fetchKeys()).rejects.toMatchObject({ code });
    expect(secured).not.toContain('/jwks');
    // Its own host is where it is, and what the options name is trusted.
    jwksUri = `${issuerName()}/jwks`;
    expect((await fetchKeys()).jwksUri).toBe(jwksUri);
    const configured = `https://127.0.0.1:${portOf()}/jwks`;
    expect((await fetchKeys({ jwksUri: configured })).jwksUri).toBe(configured);
  });
});

it('what takes too long is named', async () => {
  const clock = new ManualClock();
  const issuer = `${server.url}tenant`;
  let reached = () => {};
  const hanging = new Promise<void>((resolve) => (reached = resolve));
  server.respond = ({ url }, response) => {
    if (url === `/tenant${OPENID}`) response.writeHead(404).end();
    else reached();
  };
  const source = new HttpJwksSource({ ...KEY_OPTION_DEFAULTS, clock, issuer, jwksUri: undefined });
  const ring = createKeyRing({ issuer }, source, KEY_OPTION_DEFAULTS, { clock, onEvent: () => {} });
  const started = ring.start();
  await hanging;
  await clock.advance(KEY_OPTION_DEFAULTS.timeoutMs);
  await started;
  expect(ring.status.lastError?.message).toBe(
    `${server.url.slice(0, -1)}${OAUTH}/tenant: did not respond in time`,
  );
  ring.close();
});
