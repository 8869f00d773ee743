import { KeyRings, type AuthOptions, type DynamicIssuers } from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startGuardedApp, type GuardedApp, type GuardedAppOptions } from '../../support/guarded-app.js';

let acme: TestIssuer;
let globex: TestIssuer;
/** No tenant has this issuer. */
let stranger: TestIssuer;
beforeEach(async () => {
  [acme, globex, stranger] = await Promise.all([
    startTestIssuer({ path: '/acme' }),
    startTestIssuer({ path: '/globex', audience: 'https://globex.test' }),
    startTestIssuer(),
  ]);
});
afterEach(() => Promise.all([acme, globex, stranger].map((issuer) => issuer.close())));

type Resolve = DynamicIssuers['resolve'];

/** An application whose tenants are acme and globex; `changes` replace parts of that. */
function start(
  changes: Partial<DynamicIssuers> = {},
  options: AuthOptions = {},
  appOptions: GuardedAppOptions = {},
): Promise<GuardedApp> {
  const tenants = new Map([acme, globex].map(({ issuer, audience }) => [issuer, { issuer, audience }]));
  const issuers = {
    allow: (issuer: string) => !issuer.startsWith(stranger.issuer),
    resolve: async (issuer: string) => tenants.get(issuer),
    ...changes,
  };
  return startGuardedApp({ issuers, ...options }, appOptions);
}

async function responseTo(api: GuardedApp, token: string): Promise<[number, string | undefined]> {
  const response = await api.get('/me', token);
  const { code } = (await response.json()) as { code?: string };
  return [response.status, code];
}

const requestsOf = ({ requests }: TestIssuer) => requests.discovery + requests.jwks;

describe('issuers that are resolved for their first token', () => {
  it('are accepted, each by its own keys and options', async () => {
    await using api = await start();
    expect(requestsOf(acme) + requestsOf(globex)).toBe(0);
    expect(await responseTo(api, acme.token())).toEqual([200, undefined]);
    expect(await responseTo(api, globex.token())).toEqual([200, undefined]);
    expect(await responseTo(api, acme.token({ aud: globex.audience }))).toEqual([401, 'wrong_audience']);
    expect(await responseTo(api, globex.token({ iss: acme.issuer, aud: acme.audience }))).toEqual([
      401,
      'bad_signature',
    ]);
  });

  it('are resolved once and fetched from once, however many first tokens arrive at once', async () => {
    const { issuer, audience } = acme;
    const resolve = vi.fn<Resolve>(async () => ({ issuer, audience }));
    await using api = await start({ resolve });
    const tokens = Array.from({ length: 50 }, () => acme.token());
    const responses = await Promise.all(tokens.map((token) => responseTo(api, token)));
    expect(responses).toEqual(responses.map(() => [200, undefined]));
    expect([resolve.mock.calls.length, acme.requests.jwks, acme.requests.discovery]).toEqual([1, 1, 1]);
  });

  it('are resolved by a provider of the application', async () => {
    class Tenants implements DynamicIssuers {
      private readonly audiences = new Map([[acme.issuer, acme.audience]]);

      allow(issuer: string): boolean {
        return this.audiences.has(issuer);
      }

      resolve(issuer: string) {
        const audience = this.audiences.get(issuer);
        return audience === undefined ? undefined : { issuer, audience };
      }
    }
    await using api = await startGuardedApp({ issuers: new Tenants() });
    expect(await responseTo(api, acme.token())).toEqual([200, undefined]);
    expect(await responseTo(api, globex.token())).toEqual([401, 'unknown_issuer']);
  });

  it('share the options that stand beside the resolver', async () => {
    await using api = await start(
      { resolve: (issuer) => (issuer === acme.issuer ? { issuer } : undefined) },
      { audience: acme.audience },
    );
    expect(await responseTo(api, acme.token())).toEqual([200, undefined]);
    expect(await responseTo(api, acme.token({ aud: 'another' }))).toEqual([401, 'wrong_audience']);
  });
});

describe('a cached token of such an issuer', () => {
  it('is accepted without a look-up, until the issuer is no longer allowed', async () => {
    let isAllowed = true;
    await using api = await start({ allow: () => isAllowed });
    const token = acme.token();
    for (let i = 0; i < 3; i += 1) expect(await responseTo(api, token)).toEqual([200, undefined]);
    isAllowed = false;
    expect(await responseTo(api, token)).toEqual([401, 'unknown_issuer']);
    isAllowed = true;
    expect(await responseTo(api, token)).toEqual([200, undefined]);
    expect(acme.requests.jwks).toBe(1);
  });

  it('is verified by the new rules after the issuer was forgotten', async () => {
    let audience = acme.audience;
    await using api = await start({ resolve: (issuer) => ({ issuer, audience }) });
    const token = acme.token();
    expect(await responseTo(api, token)).toEqual([200, undefined]);
    audience = 'https://another.test';
    expect(await responseTo(api, token)).toEqual([200, undefined]);
    api.app.get(KeyRings).forget(acme.issuer);
    expect(await responseTo(api, token)).toEqual([401, 'wrong_audience']);
  });

  it('is refused when its key has been withdrawn', async () => {
    await using api = await start();
    const token = acme.token();
    expect(await responseTo(api, token)).toEqual([200, undefined]);
    await acme.rotate({ keepOld: false });
    await api.app.get(KeyRings).refresh();
    expect(await responseTo(api, token)).toEqual([401, 'bad_signature']);
    expect(await responseTo(api, acme.token())).toEqual([200, undefined]);
  });
});

describe('an issuer that is not accepted', () => {
  it('gets 401 without a request, a ring or a log line, however many names are invented', async () => {
    const lines: unknown[] = [];
    const log = (line: unknown) => void lines.push(line);
    const logger = { log, warn: log, error: log, debug: log, verbose: log };
    const resolve = vi.fn<Resolve>(() => undefined);
    await using api = await start({ resolve }, {}, { logger });
    const before = lines.length;
    const refused = [401, 'unknown_issuer'];
    for (let i = 0; i < 20; i += 1) {
      expect(await responseTo(api, stranger.token({ iss: `${stranger.issuer}/${i}` }))).toEqual(refused);
      expect(await responseTo(api, acme.token({ iss: `${acme.issuer}/${i}` }))).toEqual(refused);
    }
    expect([lines.length, requestsOf(stranger), requestsOf(acme)]).toEqual([before, 0, 0]);
    expect(resolve).toHaveBeenCalledTimes(20);
    expect(api.app.get(KeyRings).status()).toEqual([]);
  });

  it('is not resolved for a token that is expired or has no algorithm', async () => {
    const resolve = vi.fn<Resolve>((issuer) => ({ issuer, audience: acme.audience }));
    await using api = await start({ resolve });
    expect(await responseTo(api, acme.token({ exp: 1 }))).toEqual([401, 'expired']);
    expect(await responseTo(api, acme.forge({ header: { alg: 'none', typ: 'at+jwt' } }))).toEqual([
      401,
      'unsupported_algorithm',
    ]);
    expect(resolve).not.toHaveBeenCalled();
    expect(await responseTo(api, acme.token())).toEqual([200, undefined]);
  });
});

describe('when the application cannot resolve an issuer', () => {
  it('the response is 503 with Retry-After, and 200 once it can', async () => {
    const { issuer, audience } = acme;
    const resolve = vi.fn<Resolve>(async () => ({ issuer, audience }));
    resolve.mockRejectedValueOnce(new Error('the database is down'));
    await using api = await start({ resolve });
    const response = await api.get('/me', acme.token());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.text()).not.toContain('database');
    expect(await responseTo(api, acme.token())).toEqual([200, undefined]);
  });
});

describe('an option that is wrong', () => {
  const resolve = () => undefined;
  const allow = () => true;
  it.each([
    ['issuers.resolve', { issuers: { allow } }],
    ['issuers.allow', { issuers: { resolve } }],
    ['issuers.allow', { issuers: { allow: ['https://acme.test'], resolve } }],
    ['issuers.max', { issuers: { allow, resolve, max: 7 } }],
    ['issuers', { issuers: 'https://acme.test' }],
    ['issuers', { issuers: [] }],
    ['issuer', { issuers: { allow, resolve }, issuer: 'https://acme.test' }],
    ['algorithms', { issuers: { allow, resolve }, algorithms: ['HS256'] }],
  ])('fails at start and is named: %s', async (name, options) => {
    await expect(startGuardedApp(options as never)).rejects.toThrow(`option "${name}"`);
    await using api = await start();
    expect(await responseTo(api, acme.token())).toEqual([200, undefined]);
  });
});
