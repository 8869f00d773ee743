import { Controller, Sse, UseGuards, UseInterceptors, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  CurrentUser,
  EndAtExpiry,
  JwtAuthGuard,
  OptionalAuth,
  Public,
  RequireScopes,
  type AuthOptions,
} from 'nestjs-jwks-auth';
import { startTestIssuer, type TestIssuer } from 'nestjs-jwks-auth/testing';
import { concat, map, NEVER, of, Subject, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS, type Adapter } from '../../support/guarded-app.js';
import { ManualClock } from '../../support/manual-clock.js';
import { moduleByClock } from '../../support/stream-clock.js';

interface Event {
  readonly data: string;
}

const ticks = new Subject<string>();
const stream = (first: string): Observable<Event> => concat(of(first), ticks).pipe(map((data) => ({ data })));

@UseInterceptors(EndAtExpiry)
@Controller()
class OrdersController {
  @UseGuards(JwtAuthGuard)
  @Sse('me')
  me(@CurrentUser('sub') sub: string): Observable<Event> {
    return stream(sub);
  }

  @RequireScopes('orders:read')
  @Sse('scoped')
  scoped(): Observable<Event> {
    return stream('scoped');
  }

  @OptionalAuth()
  @Sse('optional')
  optional(@CurrentUser('sub') sub: string | undefined): Observable<Event> {
    return stream(sub ?? 'anonymous');
  }

  @Public()
  @Sse('open')
  open(): Observable<Event> {
    return stream('open');
  }

  @UseGuards(JwtAuthGuard)
  @Sse('silent')
  silent(): Observable<Event> {
    return concat(of({ data: 'silent' }), NEVER);
  }
}

const TOLERANCE_MS = 5_000;
const LIFETIME_S = 300;

describe.each(ADAPTERS)('server-sent events on %s', (adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let clock: ManualClock;
  let url: string;

  const start = async (options: Partial<AuthOptions> = {}): Promise<INestApplication> => {
    const module = await moduleByClock(
      clock,
      { issuer: issuer.issuer, audience: issuer.audience, clockToleranceMs: TOLERANCE_MS, ...options },
      { controllers: [OrdersController] },
    );
    return listen(module, adapter);
  };

  beforeAll(async () => {
    issuer = await startTestIssuer();
    clock = new ManualClock(Date.now());
    app = await start();
    url = await app.getUrl();
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const get = (path: string, token?: string, signal?: AbortSignal): Promise<Response> =>
    fetch(url + path, {
      ...(signal !== undefined && { signal }),
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
  /** A token that ends in so many seconds of the clock. */
  const tokenFor = (seconds: number, claims: object = {}): string =>
    issuer.token({ exp: Math.floor(clock.wallNow() / 1_000) + seconds, ...claims });

  it('are refused before the stream, as every route is', async () => {
    for (const [path, token, status] of [
      ['/me', undefined, 401],
      ['/me', issuer.token({ exp: Math.floor(Date.now() / 1_000) - 60 }), 401],
      ['/me', `${issuer.token().slice(0, -8)}AAAAAAAA`, 401],
      ['/me', issuer.token({ aud: 'other' }), 401],
      ['/scoped', issuer.token(), 403],
      ['/optional', issuer.token({ aud: 'other' }), 401],
    ] as const) {
      const response = await get(path, token);
      expect([path, response.status]).toEqual([path, status]);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(response.headers.get('www-authenticate')).toContain('Bearer realm=');
      await response.body?.cancel();
    }
    expect(clock.pending).toBe(0);
  });

  it('are refused with 503 while the issuer is away', async () => {
    await using away = await startTestIssuer();
    away.fault({ status: 500 }, { on: 'all' });
    const other = await start({
      issuer: away.issuer,
      audience: away.audience,
      keys: { bootstrap: 'background' },
    });
    const headers = away.bearer();
    const response = await fetch(`${await other.getUrl()}/me`, { headers });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    await other.close();
  });

  it('end when the token does, at exp and the tolerance', async () => {
    const events = eventsOf(await get('/me', tokenFor(LIFETIME_S, { sub: 'ada' })));
    expect(await events.next()).toBe('ada');
    await clock.advance(LIFETIME_S * 1_000);
    ticks.next('within the tolerance');
    expect(await events.next()).toBe('within the tolerance');
    await clock.advance(TOLERANCE_MS);
    expect(await events.next()).toBeUndefined();
    expect([ticks.observed, clock.pending]).toEqual([false, 0]);
  });

  it('end when the token does, although nothing happens', async () => {
    const events = eventsOf(await get('/silent', tokenFor(LIFETIME_S)));
    expect(await events.next()).toBe('silent');
    await clock.advance(LIFETIME_S * 1_000 + TOLERANCE_MS);
    expect(await events.next()).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('leave no timer when the client goes first', async () => {
    const leaving = new AbortController();
    const events = eventsOf(await get('/scoped', tokenFor(60, { scope: 'orders:read' }), leaving.signal));
    expect(await events.next()).toBe('scoped');
    expect(clock.pending).toBe(1);
    leaving.abort();
    await expect.poll(() => clock.pending).toBe(0);
    await expect.poll(() => ticks.observed).toBe(false);
  });

  it('last as long as a token of many weeks', async () => {
    const weeks = 8 * 7 * 24 * 60 * 60;
    const leaving = new AbortController();
    const events = eventsOf(await get('/me', tokenFor(weeks, { sub: 'ada' }), leaving.signal));
    expect(await events.next()).toBe('ada');
    await clock.advance(60 * 60 * 1_000);
    ticks.next('an hour later');
    expect(await events.next()).toBe('an hour later');
    // As after a sleep of the machine: nothing counts but what time it is.
    clock.moveWallClock((weeks - 60 * 60) * 1_000 + TOLERANCE_MS);
    await clock.advance(60_000);
    expect(await events.next()).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('have no end where there is no token', async () => {
    for (const [path, first] of [
      ['/open', 'open'],
      ['/optional', 'anonymous'],
    ] as const) {
      const leaving = new AbortController();
      const events = eventsOf(await get(path, undefined, leaving.signal));
      expect(await events.next()).toBe(first);
      expect(clock.pending).toBe(0);
      leaving.abort();
      await expect.poll(() => ticks.observed).toBe(false);
    }
    const events = eventsOf(await get('/optional', tokenFor(LIFETIME_S, { sub: 'ada' })));
    expect(await events.next()).toBe('ada');
    await clock.advance(LIFETIME_S * 1_000 + TOLERANCE_MS);
    expect(await events.next()).toBeUndefined();
  });
});

async function listen(
  module: Awaited<ReturnType<typeof moduleByClock>>,
  adapter: Adapter,
): Promise<INestApplication> {
  const app =
    adapter === 'fastify'
      ? module.createNestApplication(new FastifyAdapter())
      : module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  return app;
}

/** The data of each event; undefined at the end of the stream. */
function eventsOf(response: Response): { next(): Promise<string | undefined> } {
  expect(response.status).toBe(200);
  const lines = linesOf(response);
  return {
    async next() {
      for (;;) {
        const { done, value } = await lines.next();
        if (done === true) return undefined;
        if (value.startsWith('data: ')) return value.slice(6);
      }
    },
  };
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
}
